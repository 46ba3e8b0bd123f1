"""Places lent to slots while workers come and go."""

import threading
import time
from functools import partial

import pytest

from search.cluster import leases as leases_module
from search.cluster.leases import Lease, Leases
from search.errors import FatalError


@pytest.fixture
def cluster(monkeypatch):
    monkeypatch.setattr(leases_module, "LOOK_SECONDS", 0.0)
    return Cluster()


class Cluster:
    """Workers by address, and what the user was told."""

    def __init__(self):
        self.present = {"a": 1, "b": 2}
        self.others = {}
        self.said = []
        self.leases = self.leases_of("a study")

    def leases_of(self, study):
        return Leases(
            lambda: dict(self.present),
            others=lambda: dict(self.others),
            seed=study,
            say=self.said.append,
            where="cluster x",
        )

    def take_all(self):
        taken = []
        while (lease := self.leases.take()) is not None:
            taken.append(lease)
        return taken


def test_each_place_is_lent_once(cluster):
    assert cluster.leases.n_places == 3
    taken = cluster.take_all()
    assert len(taken) == 3
    assert set(taken) == {Lease("a", 0), Lease("b", 0), Lease("b", 1)}
    assert cluster.leases.take() is None
    cluster.leases.give_back(Lease("b", 0))
    assert cluster.take_all() == [Lease("b", 0)]
    assert cluster.said == []


def test_idle_workers_are_lent_first(cluster):
    cluster.present = {"a": 2, "b": 2, "c": 2}
    cluster.others = {"a": 1, "c": 2}
    order = "".join(lease.address for lease in cluster.take_all())
    # b is idle; then a and b are used by half
    assert order[0] == "b"
    assert sorted(order[1:3]) == ["a", "b"]
    assert sorted(order[3:]) == ["a", "c", "c"]


def test_studies_that_see_the_same_begin_elsewhere(cluster):
    cluster.present = {str(n): 1 for n in range(8)}
    studies = [cluster.leases_of(f"study {n}") for n in range(8)]
    assert len({study.take() for study in studies}) > 3
    first, again = (cluster.leases_of("study 0") for _ in range(2))
    assert [first.take() for _ in range(8)] == [again.take() for _ in range(8)]


def test_a_better_place_is_one_with_an_idle_thread(cluster):
    cluster.present = {"a": 1, "b": 1}
    mine = cluster.leases.take()
    [other] = {"a", "b"} - {mine.address}
    assert cluster.leases.take_better(mine) is None  # nobody else is there
    cluster.others = {mine.address: 1, other: 1}
    assert cluster.leases.take_better(mine) is None  # nowhere is it better
    cluster.others = {mine.address: 1}
    assert cluster.leases.take_better(mine) == Lease(other, 0)
    assert cluster.leases.take_better(mine) is None  # it is lent
    del cluster.present[mine.address]
    assert cluster.leases.take_better(mine) is None


def test_a_worker_that_does_not_answer_is_passed_over_for_a_while(cluster, monkeypatch):
    monkeypatch.setattr(leases_module, "SILENT_SECONDS", 0.2)
    for _ in range(2):
        cluster.leases.pass_over("b")
    assert cluster.take_all() == [Lease("a", 0)]
    assert cluster.said == ["worker b does not answer; not used until it does"]
    time.sleep(0.3)
    assert cluster.take_all() == [Lease("b", 0), Lease("b", 1)]


def test_many_threads_get_different_places(cluster):
    cluster.present = {str(n): 2 for n in range(50)}
    taken, together = [], threading.Barrier(20)

    def take():
        together.wait()
        for _ in range(5):
            taken.append(cluster.leases.take())

    threads = [threading.Thread(target=take) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(taken)) == len(taken) == 100


def test_a_worker_that_goes_takes_its_leases_along(cluster):
    [first, *_] = cluster.take_all()
    assert cluster.leases.is_alive(first)
    del cluster.present["a"]
    assert not cluster.leases.is_alive(first)
    cluster.leases.give_back(first)
    assert cluster.leases.take() is None


def test_a_worker_that_comes_is_lent(cluster):
    cluster.take_all()
    cluster.present["c"] = 1
    assert cluster.take_all() == [Lease("c", 0)]


def test_without_workers_it_waits_and_says_so_once_each_time(cluster):
    cluster.present = {}
    assert cluster.leases.take() is cluster.leases.take() is None
    line = "cluster x: no worker is there; waiting for one (Ctrl-C ends)"
    assert cluster.said == [line]
    cluster.present = {"a": 1}
    cluster.take_all()
    cluster.present = {}
    assert cluster.leases.take() is None
    assert cluster.said == [line, line]


def test_a_refused_worker_is_lent_no_more(cluster):
    cluster.leases.refuse("b", "it has other data")
    cluster.leases.refuse("b", "it has other data")
    assert cluster.take_all() == [Lease("a", 0)]
    assert not cluster.leases.is_alive(Lease("b", 0))
    assert cluster.said == ["worker b is left out: it has other data"]


def test_where_all_are_refused_the_study_ends_with_the_reason(cluster):
    cluster.leases.refuse("a", "it has other data")
    refuse_b = partial(cluster.leases.refuse, "b", "it has other data")
    for use in (refuse_b, refuse_b, cluster.leases.take):
        with pytest.raises(FatalError) as raised:
            use()
        assert str(raised.value) == (
            "cluster x: no worker can train this study: it has other data"
        )
    cluster.present["c"] = 1  # another one can
    assert cluster.leases.take() == Lease("c", 0)


def test_workers_are_not_looked_for_all_the_time(cluster, monkeypatch):
    monkeypatch.setattr(leases_module, "LOOK_SECONDS", 3600.0)
    first = cluster.leases.take()
    cluster.present = {}
    assert cluster.leases.is_alive(first)
