"""What the former follower reports: `forward` still uses it."""

from typing import NamedTuple

from jobevents_cli.following2.notices import (
    ContactBack as ContactBack,
)
from jobevents_cli.following2.notices import (
    ContactLost as ContactLost,
)
from jobevents_cli.following2.notices import (
    JobNotRead as JobNotRead,
)
from jobevents_cli.following2.notices import (
    LateEventsNotRead as LateEventsNotRead,
)
from jobevents_cli.following2.notices import Notice as _Notice
from jobevents_cli.following2.notices import (
    PlanPending as PlanPending,
)
from jobevents_cli.following2.notices import (
    PlanSilent as PlanSilent,
)
from jobevents_cli.following2.notices import (
    WaitingForJob as WaitingForJob,
)


class EventsRestored(NamedTuple):
    """The orchestrator's event ids went back behind *behind*, as after a restore from a backup."""

    behind: int


Notice = _Notice | EventsRestored
