"""The embedded broker: every bell arrives once, whoever sends and whoever listens."""

import json
import multiprocessing
import os
import subprocess
import sys
import threading

import kombu
import pytest
from kombu.transport import TRANSPORT_ALIASES

import cyberadmin.celery  # noqa: F401 - makes the embedded broker known
from cyberadmin.broker.sqlite import Channel, connect
from tests.infra.console import ROOT, environment

TAKE = """
import sys
from queue import Empty
from tests.infra.test_broker import open_channel
channel = open_channel(sys.argv[1])
print("ready", flush=True)
while True:
    try:
        message = channel._get("bells")
    except Empty:
        continue
    if message == "stop":
        break
    print(message)
"""


def open_channel(path) -> Channel:
    """A channel of the embedded broker on this file."""
    return kombu.Connection("embedded://localhost", transport_options={"path": str(path)}).channel()


def ring_often(path: str, first: int, count: int) -> None:
    """Sends so many numbers; top-level, to run in a process of its own."""
    channel = open_channel(path)
    for number in range(first, first + count):
        channel._put("bells", number)
    channel.close()


@pytest.fixture
def connection(tmp_path):
    with kombu.Connection("embedded://localhost", transport_options={"path": str(tmp_path / "broker")}) as connection:
        yield connection


def test_the_settings_name_a_transport_that_exists(settings):
    assert "embedded" in TRANSPORT_ALIASES
    assert kombu.Connection("embedded://localhost").transport_cls == "embedded"


def test_messages_leave_in_the_order_they_came_and_once(connection):
    with connection.SimpleQueue("bells") as queue:
        for number in range(3):
            queue.put({"account": number})
        received = [queue.get(timeout=1) for _ in range(3)]
        assert [message.payload for message in received] == [{"account": number} for number in range(3)]
        for message in received:
            message.ack()
        with pytest.raises(queue.Empty):
            queue.get(timeout=0.2)


def test_a_bell_not_answered_is_put_back_when_the_worker_leaves(connection, tmp_path):
    with connection.SimpleQueue("bells") as queue:
        queue.put("kept")
        queue.get(timeout=1)
    connection.close()
    with kombu.Connection("embedded://localhost", transport_options={"path": str(tmp_path / "broker")}) as again:
        with again.SimpleQueue("bells") as queue:
            message = queue.get(timeout=1)
            assert message.payload == "kept"
            message.ack()


def test_a_call_to_all_workers_reaches_each_of_them(connection):
    everyone = kombu.Exchange("everyone", type="fanout")
    with connection.channel() as channel:
        queues = [kombu.Queue(name, everyone, channel=channel) for name in ("one", "two")]
        for queue in queues:
            queue.declare()
        kombu.Producer(channel, exchange=everyone).publish("ping")
        assert [queue.get(no_ack=True).payload for queue in queues] == ["ping", "ping"]
        queues[0].delete()
        kombu.Producer(channel, exchange=everyone).publish("again")
        assert queues[1].get(no_ack=True).payload == "again"


def test_a_queue_can_be_counted_and_emptied(connection):
    with connection.SimpleQueue("bells") as queue:
        for number in range(5):
            queue.put(number)
        assert len(queue) == 5
        assert queue.clear() == 5
        assert len(queue) == 0


def test_processes_that_make_the_file_at_once_agree_on_it(tmp_path):
    path, count = str(tmp_path / "broker"), 8
    context = multiprocessing.get_context("spawn")
    starters = [context.Process(target=ring_often, args=(path, number, 1)) for number in range(count)]
    for process in starters:
        process.start()
    for process in starters:
        process.join(60)
    assert [process.exitcode for process in starters] == [0] * count
    connection = connect(path)
    assert connection.execute("SELECT count(*) FROM message").fetchone() == (count,)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()
    assert [name for name in os.listdir(tmp_path) if not name.startswith("broker-")] == ["broker"]


def test_two_senders_and_two_takers_lose_and_double_nothing(tmp_path):
    path, count = tmp_path / "broker", 1_000
    open_channel(path)._size("bells")
    command = [sys.executable, "-c", TAKE, str(path)]
    takers = [
        subprocess.Popen(command, cwd=ROOT, env=environment(tmp_path), stdout=subprocess.PIPE, text=True) for _ in "ab"
    ]
    assert [taker.stdout.readline() for taker in takers] == ["ready\n", "ready\n"]
    senders = [threading.Thread(target=ring_often, args=(str(path), first, count)) for first in (0, count)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join(60)
    channel = open_channel(path)
    # Each taker ends with one of these, so both have taken from the same queue whatever share of it each got.
    for _ in takers:
        channel._put("bells", "stop")
    taken = [taker.communicate(timeout=60)[0].split() for taker in takers]
    assert sorted(int(number) for numbers in taken for number in numbers) == list(range(2 * count))
    assert channel._size("bells") == 0


@pytest.mark.long
def test_two_workers_take_ten_thousand_bells_without_a_crash(tmp_path):
    options = ["--messages", "10000", "--workers", "2", "--singles", "50"]
    settings = environment(tmp_path)
    del settings["DJANGO_SETTINGS_MODULE"]
    command = [sys.executable, "-m", "bench.broker", *options]
    done = subprocess.run(command, cwd=ROOT, env=settings, capture_output=True, text=True, timeout=300)
    figures = json.loads(done.stdout.splitlines()[-1])
    assert (figures["lost"], figures["doubled"], figures["worker_crashes"]) == (0, 0, 0)
    assert figures["p95_ms"] < 2000
    assert figures["recovery_seconds"] < 30
