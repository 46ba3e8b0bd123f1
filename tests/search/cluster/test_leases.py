"""Places lent to slots while workers come and go."""

import threading
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
        self.said = []
        self.leases = Leases(
            lambda: dict(self.present), say=self.said.append, where="cluster x"
        )

    def take_all(self):
        taken = []
        while (lease := self.leases.take()) is not None:
            taken.append(lease)
        return taken


def test_each_place_is_lent_once(cluster):
    assert cluster.leases.n_places == 3
    assert cluster.take_all() == [Lease("a", 0), Lease("b", 0), Lease("b", 1)]
    assert cluster.leases.take() is None
    cluster.leases.give_back(Lease("b", 0))
    assert cluster.take_all() == [Lease("b", 0)]
    assert cluster.said == []


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
