"""Pull requests, their reviews, and what is said of commits.

https://docs.github.com/rest/pulls, https://docs.github.com/rest/checks,
https://docs.github.com/rest/commits/statuses
"""

from __future__ import annotations

from scheduler.sandbox.api import shapes, shapes_pulls
from scheduler.sandbox.http.failure import ApiFailure, invalid_request, not_found
from scheduler.sandbox.http.routing import REPO, Answer, Call, Routes
from scheduler.sandbox.hub import pulls
from scheduler.sandbox.hub.records import CheckRun, Status

routes = Routes()
PULL = REPO + "/pulls/<int:number>"
COMMIT = REPO + "/commits/<path:ref>"
CONCLUSIONS = (
    "action_required", "cancelled", "failure", "neutral", "skipped", "success", "timed_out",
)  # fmt: skip
STATES = ("error", "failure", "pending", "success")


@routes.add("GET", PULL, needs="pull_requests:read")
def get_pull(call: Call) -> Answer:
    """200, or 404: of an issue too."""
    issue, pull = pulls.find(call.repo, call.params["number"])
    view = call.state.seen(issue)
    if view is None:
        raise not_found()
    return Answer(shapes_pulls.pull_request(issue, pull, view, call.repo, call.base))


@routes.add("GET", PULL + "/merge", needs="pull_requests:read")
def is_merged(call: Call) -> Answer:
    """204, or 404 where it is not merged."""
    if pulls.find(call.repo, call.params["number"])[1].merged_at is None:
        raise not_found()
    return Answer(status=204)


@routes.add("PUT", PULL + "/merge", needs="contents:write")
def merge(call: Call) -> Answer:
    """200, or 405 where it is closed."""
    sha = pulls.merge(call.desk, call.params["number"])
    return Answer({"sha": sha, "merged": True, "message": "Pull Request successfully merged"})


@routes.add("GET", PULL + "/reviews", needs="pull_requests:read")
def list_reviews(call: Call) -> Answer:
    """In the order in which they were made."""
    issue, pull = pulls.find(call.repo, call.params["number"])
    return call.page(
        pull.reviews, lambda one: shapes_pulls.review(one, issue, call.repo, call.base)
    )


@routes.add("POST", PULL + "/reviews", needs="pull_requests:write")
def create_review(call: Call) -> Answer:
    """200. event: ``APPROVE``, ``REQUEST_CHANGES`` or ``COMMENT``; without one it is pending."""
    number, event = call.params["number"], call.text("event", required=True) or ""
    made = pulls.review(call.desk, number, event, call.text("body") or "")
    issue = call.repo.issues[number]
    return Answer(shapes_pulls.review(made, issue, call.repo, call.base))


@routes.add("PUT", PULL + "/reviews/<int:review>/dismissals", needs="pull_requests:write")
def dismiss_review(call: Call) -> Answer:
    """200."""
    call.need_role("write")
    call.text("message", required=True)
    number = call.params["number"]
    found = pulls.dismiss(call.desk, number, call.params["review"])
    issue = call.repo.issues[number]
    return Answer(shapes_pulls.review(found, issue, call.repo, call.base))


def _commit(call: Call, ref: str) -> str:
    sha = call.repo.commit(ref)
    if sha is None:
        raise ApiFailure(422, f"No commit found for SHA: {ref}")
    return sha


@routes.add("GET", COMMIT + "/check-runs", needs="checks:read")
def list_check_runs(call: Call) -> Answer:
    """The latest of each name. Filters: check_name, status."""
    sha, query = _commit(call, call.params["ref"]), call.query
    found = [
        run
        for run in call.repo.checks.get(sha, {}).values()
        if query.get("check_name", run.name) == run.name
        and query.get("status", run.status) == run.status
    ]
    return call.page(
        found,
        lambda one: shapes_pulls.check_run(one, sha, call.repo, call.base),
        key="check_runs",
    )


@routes.add("POST", REPO + "/check-runs", needs="checks:write")
def create_check_run(call: Call) -> Answer:
    """201; only for apps, such as Actions."""
    if call.token is None or not call.token.integration:
        raise ApiFailure(403, "You must authenticate via a GitHub App.")
    name, head = call.text("name", required=True) or "", call.text("head_sha", required=True) or ""
    conclusion = call.text("conclusion")
    if conclusion is not None and conclusion not in CONCLUSIONS:
        raise invalid_request(f"For 'properties/conclusion', {conclusion} is not one of the enum.")
    now, sha = call.state.clock(), _commit(call, head)
    made = CheckRun(
        id=call.state.new_id(),
        name=name,
        status="completed" if conclusion else call.text("status") or "queued",
        conclusion=conclusion,
        started_at=now,
        completed_at=now if conclusion else None,
    )
    call.repo.checks.setdefault(sha, {})[name] = made
    return Answer(shapes_pulls.check_run(made, sha, call.repo, call.base), 201)


@routes.add("GET", COMMIT + "/status", needs="statuses:read")
def combined_status(call: Call) -> Answer:
    """The latest of each context: failure before pending before success; pending without any."""
    repo, sha = call.repo, _commit(call, call.params["ref"])
    found = list(repo.statuses.get(sha, {}).values())
    states = {one.state for one in found}
    bad, open_ = states & {"error", "failure"}, "pending" in states or not states
    answer = call.page(found, lambda one: shapes_pulls.status(one, sha, repo, call.base))
    url = f"{call.base}/repos/{repo.full_name}/commits/{sha}"
    answer.body = {
        "state": "failure" if bad else "pending" if open_ else "success",
        "statuses": answer.body,
        "sha": sha,
        "total_count": len(found),
        "repository": shapes.minimal_repository(repo, call.base),
        "commit_url": url,
        "url": f"{url}/status",
    }
    return answer


@routes.add("POST", REPO + "/statuses/<sha>", needs="statuses:write")
def create_status(call: Call) -> Answer:
    """201."""
    call.need_role("write")
    state = call.text("state", required=True) or ""
    if state not in STATES:
        raise invalid_request(f"For 'properties/state', {state} is not one of the enum.")
    sha, context = _commit(call, call.params["sha"]), call.text("context") or "default"
    made = Status(
        id=call.state.new_id(), context=context, state=state, created_at=call.state.clock()
    )
    call.repo.statuses.setdefault(sha, {})[context] = made
    shape = shapes_pulls.status(made, sha, call.repo, call.base)
    return Answer(shape | {"creator": shapes.user(call.user, call.base)}, 201)
