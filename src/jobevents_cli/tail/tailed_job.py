"""The record of a job that `tail` or `list` prints."""

from jobevents_cli.following.follower import Follower
from jobevents_cli.runtime.followed_job import FollowedJob, News
from jobevents_cli.tail.plan import PlanJobs


class TailedJob(FollowedJob):
    """A job or plan that is followed and printed. `follower.printed` says what of it is out."""

    def __init__(
        self, follower: Follower, *, is_named: bool = True, last: int | None = None, children: PlanJobs | None = None
    ) -> None:
        """*is_named*: the user, or `--all`, chose this job, so it counts for the exit status.

        *last*: of the first page only so many events are printed; None: all. *children*: the jobs of this plan, if
        they are followed too.
        """
        super().__init__(follower)
        self.is_named = is_named
        self.last = last
        self.children = children
        self.has_begun = False
        """The first page came."""
        self.state: str | None = None
        """The job's state, by its own document; None until that comes."""
        self.pending: News | None = None
        """A page that waits for the whole texts of its messages."""
