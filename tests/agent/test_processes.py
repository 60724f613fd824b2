"""Who belongs to a session, as values; ending them is tested with real shells."""

import os

from mooring.agent.processes import Process, is_running, members, read_process, running


def process(pid: int, parent: int, session: int) -> Process:
    return Process(pid=pid, parent=parent, session=session, state="S", start_time=pid)


def pids(found: list[Process]) -> set[int]:
    return {each.pid for each in found}


def test_reads_this_very_process() -> None:
    found = read_process(os.getpid())

    assert found is not None
    assert found.parent == os.getppid()
    assert is_running(os.getpid(), found.start_time)
    assert not is_running(os.getpid(), found.start_time + 1)


def test_no_process_of_that_id_is_none() -> None:
    assert read_process(2**22 + 1) is None
    assert not is_running(2**22 + 1, 0)


def test_lists_this_process_among_the_running() -> None:
    assert os.getpid() in {each.pid for each in running()}


def test_all_of_the_process_session_are_members() -> None:
    table = [process(10, 1, 10), process(11, 10, 10), process(12, 1, 10), process(20, 1, 20)]

    assert pids(members(10, None, table)) == {10, 11, 12}


def test_who_left_the_session_is_found_by_descent() -> None:
    table = [process(10, 5, 10), process(11, 10, 11), process(12, 11, 12), process(20, 1, 20)]

    assert pids(members(10, None, table)) == {10, 11, 12}


def test_who_left_both_is_found_under_the_keeper() -> None:
    table = [process(5, 1, 5), process(10, 5, 10), process(12, 5, 12), process(13, 12, 13)]

    assert pids(members(10, 5, table)) == {10, 12, 13}


def test_the_keeper_itself_is_no_member() -> None:
    table = [process(5, 1, 5), process(10, 5, 10)]

    assert pids(members(10, 5, table)) == {10}


def test_children_of_a_shell_that_is_gone_are_found() -> None:
    table = [process(11, 1, 10), process(12, 11, 12)]

    assert pids(members(10, None, table)) == {11, 12}
