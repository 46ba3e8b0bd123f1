"""A scheduler here, its workers as SLURM jobs; runs until Ctrl-C.

python slurm.py --jobs 20 --partition cpu --walltime 04:00:00
"""

import argparse
import signal

from dask_jobqueue import SLURMCluster

parser = argparse.ArgumentParser()
parser.add_argument("--jobs", type=int, default=4)
parser.add_argument("--partition")
parser.add_argument("--walltime", default="04:00:00")
parser.add_argument("--memory", default="4GB")
parser.add_argument("--port", type=int, default=8786)
args = parser.parse_args()

cluster = SLURMCluster(
    queue=args.partition,
    walltime=args.walltime,
    cores=1,  # of a job; one fold at a time
    processes=1,
    memory=args.memory,
    # Others on a login node may have schedulers too: any free port for its HTTP.
    scheduler_options={
        "port": args.port,
        "dashboard": False,
        "dashboard_address": ":0",
    },
    # Folds are trained in processes below the worker.
    job_script_prologue=["export DASK_DISTRIBUTED__WORKER__DAEMON=False"],
    worker_extra_args=["--memory-limit", "0", "--no-dashboard"],
)
cluster.scale(jobs=args.jobs)
print(f"tunefold search ... --cluster {cluster.scheduler_address}", flush=True)
try:
    signal.pause()
except KeyboardInterrupt:
    cluster.close()
