"""Where fuzzing begins: one good text of each kind, and the pieces that matter in it."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from scheduler.job import frontmatter, signing
from scheduler.job.model import Job
from scheduler.journal.comments import head
from scheduler.journal.journal import Claim, Entry, Journal
from scheduler.journal.notes import Explanation

NOON = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
JOB = Job(
    run_at=NOON, workflow="agent-message.yml", timezone="Europe/Berlin", repo="octo/other",
    ref="main",
    agent="alice", inputs={"model": "opus", "place": "a\nb: c"}, deadline=timedelta(hours=6),
    dedup_key="k", request_id="r", max_attempts=3, parent="7@2026-11-23T11:00:00Z depth=2",
    message="Check PR #123\n",
)  # fmt: skip
SIGNED = signing.sign(JOB, "k" * 32, repository="octo/x", issued_at=NOON, nonce="n" * 24)
CLAIM = Claim(
    key="7@2026-11-23T12:00:00Z", attempt=2, nonce="n" * 24, target="octo/queue a.yml@main",
    made_at=NOON, expires_at=NOON + timedelta(seconds=30), newest_run=5, supersedes=9,
    ends="missed", title="7@2026-11-23T12:00:00Z",
)  # fmt: skip
ENTRY = Entry(
    key=CLAIM.key, attempt=1, outcome="held", at=NOON, reason="two > one", run_id=8, seen=4,
    run_url="https://github.com/o/r/actions/runs/8", lateness_s=0.5, matched="id", claim=3,
    target="t",
)  # fmt: skip
SETTINGS = """\
label: schedule
scheduler: {login: "github-actions[bot]", workflow: scheduler.yml}
trust: {role: write, bots: ["github-actions[bot]"], labelled: false}
allow: {workflows: ["agent-*.yml"], events: [], repositories: ["octo/*"]}
quotas: {open-per-agent: 50, new-per-agent-per-day: 100, depth: 10, horizon: 400d}
limits:
  per-tick: 100
  recover-after: 120s
defaults: {workflow: run.yml, timezone: Europe/Berlin, deadline: 24h, max-attempts: 5}
signing: "off"
"""

SEEDS: dict[str, list[str]] = {
    "front matter": [
        frontmatter.render(JOB),
        frontmatter.render(SIGNED).replace("\n", "\r\n"),
        "\ufeff---\nrun-at: 2026-11-23 09:00\nevent: wake\n---\nx",
        "---\nrun-at: 2026-10-25T02:30:00\ndeadline: 2026-10-25T03:30:00\nworkflow: a.yml\n---",
    ],
    "settings": [SETTINGS, "{}", ""],
    "journal": [
        head(CLAIM), head(Journal(entries=(ENTRY, ENTRY))), head(Explanation(text_hash="a" * 16)),
    ],
    "signature": [
        SIGNED.signature or "", '{"alice": ["new key, long enough", "old key, long enough"]}',
    ],
}  # fmt: skip

PIECES = [
    "---\n", "run-at: ", "timezone: ", "workflow: ", "event: ", "repo: ", "ref: ", "agent: ",
    "inputs:\n  ",
    "deadline: ", "dedup-key: ", "request-id: ", "max-attempts: ", "retries: ", "retry-on: ",
    "retry-after: ", "reply-to: ", "parent: ", "signature: ",
    "trust: ", "allow: ", "quotas: ", "limits: ", "defaults: ", "signing: ", "bots: ",
    "workflows: ",
    "2026-11-23T09:00:00Z", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "6h",
    "P1DT2H",
    "Europe/Berlin", "a.yml", "octo/queue", "<!-- schedule:claim ", "<!-- schedule:journal ",
    " -->",
    '{"v":1,', '"entries":[', '"key":"7@2026-11-23T12:00:00Z"', '"attempt":', '"made_at":', "NaN",
    "1e999",
    "v1 issued-at=", " nonce=", " mac=", "&a ", "*a", "!!str ", "<<: ", "? ", "- ", "[", "]", "{",
    "}", ": ",
    "\\ud800", "\\x00", "\\", '"', "'", "|\n  ", ">-\n  ", "#", "%YAML", "\u2028", "\x85",
    "\u202e", "\r\n", "\t",
]  # fmt: skip
