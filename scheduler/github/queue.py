"""The queue over GitHub: what the ports ask, each answered by the part that knows how."""

from __future__ import annotations

from scheduler.github.actions import GitHubActions
from scheduler.github.client import Api, GitHub
from scheduler.github.comments import GitHubComments
from scheduler.github.contents import GitHubContents
from scheduler.github.environments import GitHubEnvironments
from scheduler.github.groups import GitHubGroups
from scheduler.github.issues import GitHubIssues
from scheduler.github.labels import GitHubLabels
from scheduler.github.people import GitHubPeople
from scheduler.github.pulls import GitHubPulls
from scheduler.github.replies import GitHubReplies


class GitHubQueue:
    """The issues with one label of one repository, and the workflows that they start.

    It composes, and decides nothing: each question of `scheduler.ports` is a method of a part.
    All parts share one client, which counts and paces what they send.
    """

    def __init__(  # noqa: PLR0915 - a line for each question
        self, http: GitHub, *, repository: str, label: str
    ) -> None:
        api = Api(http=http, repository=repository, label=label)
        self.http = http
        self.repository = repository
        labels = GitHubLabels(api)
        issues = GitHubIssues(api, labels)
        comments = GitHubComments(api)
        people = GitHubPeople(api)
        actions = GitHubActions(api)
        groups = GitHubGroups(api)
        contents = GitHubContents(api)
        pulls = GitHubPulls(api)
        replies = GitHubReplies(api)
        environments = GitHubEnvironments(api)

        self.open_tickets = issues.open_tickets
        self.poll_open = issues.poll_open
        self.closed_tickets = issues.closed_tickets
        self.created_since = issues.created_since
        self.newest_tickets = issues.newest_tickets
        self.count_tickets = issues.count_tickets
        self.ticket = issues.ticket
        self.create = issues.create
        self.edit = issues.edit
        self.set_state = issues.set_state

        self.add_label = labels.add_label
        self.remove_label = labels.remove_label
        self.noted = labels.noted
        self.note = labels.note

        self.room = comments.room
        self.comments = comments.comments
        self.comment = comments.comment
        self.recent_comments = comments.recent_comments
        self.changed_comments = comments.changed_comments
        self.add_comment = comments.add_comment
        self.edit_comment = comments.edit_comment
        self.delete_comment = comments.delete_comment
        self.react = comments.react

        self.role = people.role
        self.acts = people.acts
        self.events = people.events
        self.viewer = people.viewer
        self.own_login = people.own_login
        self.own_role = people.own_role

        self.dispatch = actions.dispatch
        self.newest_run = actions.newest_run
        self.runs = actions.runs
        self.waiting_runs = actions.waiting_runs
        self.recent_runs = actions.recent_runs
        self.run = actions.run
        self.jobs_of_run = actions.jobs_of_run
        self.cancel_run = actions.cancel_run
        self.scheduled_runs = actions.scheduled_runs
        self.enable_workflow = actions.enable_workflow
        self.queued_runs = actions.queued_runs
        self.newest_runs = actions.newest_runs
        self.concurrency_groups = groups.concurrency_groups
        self.holders = groups.holders

        self.settings_text = contents.settings_text
        self.prove_contents = contents.prove_contents
        self.workflow_file = contents.workflow_file
        self.workflow_names = contents.workflow_names
        self.require_repository = contents.require_repository
        self.default_branch = contents.default_branch
        self.is_private = contents.is_private
        self.last_commit = contents.last_commit
        self.actions_enabled = contents.actions_enabled
        self.add_file = contents.add_file

        self.issue = pulls.issue
        self.pull_request = pulls.pull_request
        self.reviews = pulls.reviews
        self.check_runs = pulls.check_runs
        self.statuses = pulls.statuses

        self.environments = environments.environments
        self.make_environment = environments.make_environment
        self.remove_environment = environments.remove_environment

        self.replies = replies.replies
        self.reply = replies.reply
        self.take_back = replies.take_back

    @property
    def requests(self) -> int:
        """How many requests were really sent."""
        return self.http.requests
