"""The demo's two forms, as a newcomer starts them."""

import os
import signal
import subprocess
import time
import unittest

from harness import ROOT, Case, wait_until


class Quickstart(Case):
    def test_check_passes_and_leaves_nothing_behind(self):
        before = subprocess.run(["ip", "-o", "route"], capture_output=True, text=True, check=True).stdout
        done = subprocess.run([ROOT / "deploy" / "quickstart", "--check"], capture_output=True, text=True, check=False, timeout=600)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        print(done.stdout)
        self.assertIn("all well", done.stdout)
        after = subprocess.run(["ip", "-o", "route"], capture_output=True, text=True, check=True).stdout
        self.assertEqual(before, after, "the host's routing must stay as it was")
        spaces = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=True).stdout
        self.assertNotIn("lockstep-check", spaces)

    def test_the_demo_starts_within_five_seconds_and_stops_at_ctrl_c(self):
        host = self.namespace("demo")
        started = time.monotonic()
        with open(self.folder / "demo.log", "wb") as log:
            demo = host.start(ROOT / "deploy" / "quickstart", stdout=log, stderr=log)
        self.addCleanup(lambda: demo.poll() is None and demo.kill())
        wait_until("the page", lambda: host.run(
            "curl", "-sf", "--max-time", "2", "--cacert", ROOT / "demo" / "ca.pem", "--resolve",
            "demo.lockstep.test:443:198.18.0.2", "https://demo.lockstep.test/", check=False).returncode == 0, 60)
        elapsed = time.monotonic() - started
        print(f"first page {elapsed:.1f} s after the start")
        self.assertLess(elapsed, 5)
        time.sleep(2.5)
        text = (self.folder / "demo.log").read_text(encoding="utf-8")
        self.assertIn("curl --cacert", text)
        os.killpg(demo.pid, signal.SIGINT)
        self.assertEqual(demo.wait(10), 0, text)


if __name__ == "__main__":
    unittest.main()
