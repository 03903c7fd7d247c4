#!/usr/bin/env bash
#MISE description="Run a workflow later: mise run schedule -- --in 2h --message '…'"
#MISE tools={uv="latest"}
set -euo pipefail
exec COMMAND "$@"
