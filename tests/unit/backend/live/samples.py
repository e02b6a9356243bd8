from acting.samples import Sample
from live_states import SESSION, tell

from seon.backend.live.actions import drain_client, end_link, kill_session, resume_client

SAMPLES = {
    "session.kill": Sample(
        good=lambda by: kill_session(by, SESSION[:8], 5),
        bad=lambda by: kill_session(by, "fedcba98"),
        ready=tell,
        told=f"end session {SESSION} with ESID 05",
    ),
    "client.drain": Sample(
        good=lambda by: drain_client(by, "main"),
        bad=lambda by: drain_client(by, "other"),
        ready=tell,
        told="begin no session any more",
    ),
    "client.resume": Sample(
        good=lambda by: resume_client(by, "10.0.0.5"),
        bad=lambda by: resume_client(by, "10.0.0.6"),
        ready=tell,
        told="begin sessions again",
    ),
    "client.end-link": Sample(
        good=lambda by: end_link(by, "main/10.0.0.5"),
        bad=lambda by: end_link(by, "main/10.0.0.6"),
        ready=tell,
        told="end the link to the server",
    ),
}
