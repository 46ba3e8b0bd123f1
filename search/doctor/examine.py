"""All sections of `tunefold doctor`, in the order in which they are shown."""

from concurrent.futures import ThreadPoolExecutor

from pipelines.registry import MODULES
from search.cores import n_cores
from search.doctor import breakages, data, tracking
from search.doctor.breakages import PROBES
from search.doctor.check import Check
from search.doctor.child import examine_apart
from search.doctor.machine import check_machine, check_studies
from search.doctor.versions import check_versions, read_demands
from search.store import local_file


def examine(uri: str) -> list[Check]:
    """Look at everything; nothing is downloaded and no store created or changed.

    What loads a library runs in processes of its own, as many at a time as there are
    cores.

    Args:
        uri: The tracking store.

    Returns:
        The checks, those of a section side by side.
    """
    demands = read_demands()
    with ThreadPoolExecutor(n_cores()) as pool:
        probed = [
            pool.submit(
                examine_apart,
                probe.examination,
                probe.argument,
                section=breakages.SECTION,
                cures=probe.cures,
            )
            for probe in PROBES
        ]
        data_found = pool.submit(
            examine_apart,
            data.check_data,
            "",
            section=data.SECTION,
            cures=dict.fromkeys(MODULES, demands.install("scikit-learn", "numpy")),
        )
        store_found = pool.submit(
            examine_apart,
            tracking.check_tracking,
            uri,
            section=tracking.SECTION,
            cures={"mlflow": demands.install("mlflow")},
        )
        try:
            versions = list(check_versions(demands))
            file = local_file(uri)
            artifacts = file.resolve().parent / "mlruns" if file else None
            machine = [*check_machine(artifacts), *check_studies()]
            return [
                *versions,
                *(check for future in probed for check in future.result()),
                *data_found.result(),
                *machine,
                *store_found.result(),
            ]
        except BaseException:  # Ctrl-C: begin nothing more
            pool.shutdown(wait=False, cancel_futures=True)
            raise
