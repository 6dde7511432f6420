"""Ready commands for `jobevents forward`, and its systemd unit: the section RECIPES of its man page. Tests run them."""

from typing import Final, NamedTuple

FILE: Final = "jobevents forward -- sh -c 'cat >> /var/log/jobevents.jsonl'"

SPLUNK: Final = r"""jobevents forward -- curl --fail --silent --show-error --max-time 50 --output /dev/null \
    --header @/etc/jobevents/splunk-header --data-binary @- \
    'https://splunk.example.com:8088/services/collector/raw?sourcetype=_json&channel=00000000-0000-0000-0000-000000000001'
"""

LOKI: Final = r"""jobevents forward -- bash -o pipefail -c '
    jq -Rnc "{streams: [{stream: {service_name: \"jobevents\"}, values: [inputs | [
        (try (fromjson | .timestamp | fromdate) catch now | floor | tostring) + \"000000000\", .]]}]}" |
    curl --fail --silent --show-error --max-time 50 --output /dev/null \
        --header "Content-Type: application/json" --data-binary @- http://loki.example.com:3100/loki/api/v1/push'
"""

VECTOR: Final = r"""jobevents forward -- curl --fail --silent --show-error --max-time 50 --output /dev/null \
    --data-binary @- http://vector.example.com:8080/
"""

VECTOR_CONFIGURATION: Final = """[sources.jobevents]
type = "http_server"
address = "0.0.0.0:8080"
framing.method = "newline_delimited"
decoding.codec = "json"

[sinks.anywhere]
inputs = ["jobevents"]
acknowledgements.enabled = true
"""

RELP: Final = "jobevents forward --max-bytes 8000 -- /usr/local/bin/relp-send rsyslog.example.com 2514"

RELP_SEND: Final = '''#!/usr/bin/env python3
"""Send each line of standard input to a RELP server; exit with 0 once all of them are acknowledged."""
import socket, sys

def send(number, command, data):
    server.sendall(b"%d %s %d %s\\n" % (number, command, len(data), data))

def check(number):
    head = b""
    while head.count(b" ") < 3 and not head.endswith(b"\\n"):
        head += answers.read(1) or sys.exit("the server closed the connection")
    got, _, size = head.split()[:3]
    data = answers.read(int(size)) + answers.read(1)
    if int(got) != number or not data.startswith(b"200"):
        sys.exit("refused: " + data.decode(errors="replace").strip())

with socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=30) as server:
    answers = server.makefile("rb")
    send(1, b"open", b"relp_version=0\\nrelp_software=relp-send\\ncommands=syslog")
    check(1)
    lines = [line.rstrip(b"\\n") for line in sys.stdin.buffer]
    for number, line in enumerate(lines, 2):
        send(number, b"syslog", b"<134>jobevents: " + line)
    for number in range(2, len(lines) + 2):
        check(number)
'''

RSYSLOG_CONFIGURATION: Final = """module(load="imrelp")
input(type="imrelp" port="2514" ruleset="jobevents")
template(name="message" type="string" string="%msg:2:$%\\n")
ruleset(name="jobevents") {
    action(type="omfile" file="/var/log/jobevents.jsonl" template="message")
}
"""

UNIT: Final = """[Unit]
Description=Forward the events of Puppet orchestrator jobs
Documentation=man:jobevents-forward(1)
Wants=network-online.target
After=network-online.target

[Service]
ExecStart=/usr/local/bin/jobevents forward --stats 1h \\
    --url https://pe.example.com:8143 --token-file /var/lib/jobevents/token -- \\
    /usr/bin/curl --fail --silent --show-error --max-time 50 --output /dev/null \\
    --data-binary @- http://vector.example.com:8080/
User=jobevents
DynamicUser=yes
StateDirectory=jobevents
StateDirectoryMode=0700
Environment=XDG_STATE_HOME=/var/lib HOME=/var/lib/jobevents
KillMode=mixed
TimeoutStopSec=15s
SuccessExitStatus=143
Restart=always
RestartSec=5s
RestartPreventExitStatus=2 4
ProtectHome=yes

[Install]
WantedBy=multi-user.target
"""

INSTALL_TOKEN: Final = """# before the first start
install -d -m 700 /var/lib/private /var/lib/private/jobevents
install -m 600 NEW-TOKEN /var/lib/private/jobevents/token
# while the service runs
install -o jobevents -m 600 NEW-TOKEN /var/lib/private/jobevents/token
"""


class Recipe(NamedTuple):
    """A command or file that is ready to use, and what is to know about it."""

    about: str
    text: str


RECIPES: Final = (
    Recipe("A file. It is opened for each batch, so it can be rotated at any time.", FILE),
    Recipe(
        "Splunk HTTP Event Collector. The file holds one line, `Authorization: Splunk TOKEN`, so that the token does "
        "not show in ps. Splunk answers when it has accepted the events, not when it has indexed them.",
        SPLUNK,
    ),
    Recipe("Grafana Loki. A line keeps the event's own time, so Loki drops events that it gets twice.", LOKI),
    Recipe("Vector. With acknowledgements enabled in the sink, Vector answers when the sink has the events.", VECTOR),
    Recipe("Vector's configuration:", VECTOR_CONFIGURATION),
    Recipe(
        "rsyslog, over RELP. Plain TCP syslog acknowledges nothing: what is in the sender's buffers when the "
        "connection breaks is lost, and nobody knows. rsyslog acknowledges what is in its queue: give it a disk "
        "queue. It cuts messages at 8 KB unless maxMessageSize is set.",
        RELP,
    ),
    Recipe("The program relp-send:", RELP_SEND),
    Recipe("rsyslog's configuration:", RSYSLOG_CONFIGURATION),
    Recipe(
        "A systemd unit, /etc/systemd/system/jobevents-forward.service. COMMAND is not killed when the unit is "
        "stopped: it may finish its batch.",
        UNIT,
    ),
    Recipe(
        "The token of that unit. The running service uses a new token as soon as the old one is refused.",
        INSTALL_TOKEN,
    ),
)
"""In the order in which the man page shows them."""
