"""An ACH file of 100,000 payments takes seconds, ten times those of 10,000, and a few times its size."""

import time
import tracemalloc

from tests.payouts.files.payments import payment, the_file

PAYMENTS = 100_000


def test_an_ach_file_grows_no_faster_than_its_payments() -> None:
    paid = [payment("ach", number, name=f"Zoé Ångström {number}") for number in range(1, PAYMENTS + 1)]
    seconds = {}
    for count in (PAYMENTS // 10, PAYMENTS):
        started = time.perf_counter()
        the_file("ach", *paid[:count])
        seconds[count] = time.perf_counter() - started
    tracemalloc.start()
    size = len(the_file("ach", *paid).content)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    print(f"\nACH file: {seconds}, {size:,} bytes, at most {peak:,} bytes of memory")
    assert seconds[PAYMENTS] < 15 * seconds[PAYMENTS // 10]
    assert seconds[PAYMENTS] < 30
    assert peak < 5 * size
