from acting.samples import Sample

from seon.backend.queue.actions import run_job

SAMPLES = {
    "queue.run": Sample(
        good=lambda by: run_job(by, "expiry"),
        bad=lambda by: run_job(by, "nothing"),
        told="job expiry: to be done now",
    ),
}
