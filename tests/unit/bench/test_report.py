#!/usr/bin/env python3
"""bench/report pairs the right benchmarks, takes medians, judges goals and draws a picture."""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

REPORT = pathlib.Path(__file__).resolve().parents[3] / "bench" / "report"
SVG = "{http://www.w3.org/2000/svg}"


def run_of(name, microseconds, **counters):
    """One repetition as Google Benchmark writes it, 1 operation per iteration."""
    return {"name": name, "run_name": name, "run_type": "iteration", "iterations": 10, "real_time": 9 * microseconds,
            "cpu_time": microseconds, "time_unit": "us", "items_per_second": 1e6 / microseconds, **counters}


def failed_run(name, message):
    """A repetition that was skipped with an error."""
    return {"name": name, "run_name": name, "run_type": "iteration", "error_occurred": True, "error_message": message}


class Report(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def write(self, name, runs, **context):
        file = self.folder / name
        file.write_text(json.dumps({"context": context, "benchmarks": runs}), encoding="utf-8")
        return str(file)

    def report(self, *arguments, status=0):
        done = subprocess.run([sys.executable, str(REPORT), "--output", str(self.folder / "out"), *arguments],
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        self.assertEqual(done.stdout, (self.folder / "out" / "report.md").read_text(encoding="utf-8"))
        return done.stdout

    def row(self, text, first_cell):
        """The cells of the only row that begins so."""
        rows = [line for line in text.splitlines() if line.startswith(f"| {first_cell} |")]
        self.assertEqual(len(rows), 1, text)
        return [cell.strip() for cell in rows[0].strip("|").split("|")]

    def test_a_ratio_is_the_median_of_the_peer_over_the_median_of_ours(self):
        runs = [run_of("X25519Derive/openssl", time) for time in (40, 36, 90)]
        runs += [run_of("X25519Derive/lockstep", time) for time in (4, 5, 3)]
        self.assertEqual(self.row(self.report(self.write("a.json", runs)), "X25519Derive/lockstep"),
                         ["X25519Derive/lockstep", "40.0 µs", "4.00 µs", "±25 %", "10.00", "≥ 8", "yes"])

    def test_a_goal_that_is_missed_is_marked_and_counted(self):
        runs = [run_of("X25519Derive/openssl", 40), run_of("X25519Derive/lockstep", 8)]
        runs += [run_of("P256Derive/openssl", 40), run_of("P256Derive/lockstep", 8)]
        text = self.report(self.write("a.json", runs))
        self.assertEqual(self.row(text, "X25519Derive/lockstep")[4:], ["5.00", "≥ 8", "**no**"])
        self.assertEqual(self.row(text, "P256Derive/lockstep")[4:], ["5.00", "≥ 4", "yes"])
        self.assertIn("\n1 of ", text)
        self.assertIn("* Ed25519Sign/lockstep\n", text)  # not measured

    def test_aggregates_are_passed_over(self):
        runs = [run_of("X25519Derive/openssl", 40), run_of("X25519Derive/lockstep", 4)]
        runs.append({**run_of("X25519Derive/lockstep", 1), "name": "X25519Derive/lockstep_median",
                     "run_type": "aggregate", "aggregate_name": "median"})
        self.assertEqual(self.row(self.report(self.write("a.json", runs)), "X25519Derive/lockstep")[4], "10.00")

    def test_a_row_that_failed_has_no_ratio_and_says_why(self):
        runs = [run_of("X25519Derive/openssl", 40), failed_run("X25519Derive/lockstep", "a result is wrong")]
        text = self.report(self.write("a.json", runs))
        self.assertEqual(self.row(text, "X25519Derive/lockstep (a result is wrong)")[4:], ["–", "≥ 8", "**no**"])

    def test_a_record_is_compared_with_the_same_size_and_with_the_library_underneath(self):
        runs = [run_of("Aes128Gcm/Seal/openssl/64", 0.2), run_of("Aes128Gcm/Seal/openssl/1400", 0.5),
                run_of("Aes128Gcm/Seal/ipsec_mb_direct/1400", 0.09), run_of("Aes128Gcm/Seal/lockstep/64", 0.04),
                run_of("Aes128Gcm/Seal/lockstep/1400", 0.1)]
        text = self.report(self.write("a.json", runs))
        beside_openssl, directly = text.split("## Beside ipsec-mb called directly")
        self.assertEqual(self.row(beside_openssl, "Aes128Gcm/Seal/lockstep/64")[4:], ["5.00", "≥ 4.5", "yes"])
        self.assertEqual(self.row(beside_openssl, "Aes128Gcm/Seal/lockstep/1400")[4:], ["5.00", "≥ 4.7", "yes"])
        self.assertEqual(self.row(directly, "Aes128Gcm/Seal/lockstep/1400")[4:], ["0.90", "≥ 0.9", "yes"])

    def test_handshakes_in_flight_share_one_peer_and_show_stages_and_fill(self):
        name = "Tls13X25519EcdsaP256/lockstep/inflight:32"
        runs = [run_of("Tls13X25519EcdsaP256/openssl", 200),
                run_of(name, 20, sign_us=3.5, derive_us=6, fill_sign_p256=7.5, ahead_nonce_pairs=0.5)]
        text = self.report(self.write("a.json", runs))
        main, stages = text.split("## Handshakes by stage")
        self.assertEqual(self.row(main, name)[4:], ["10.00", "≥ 8", "yes", "sign_p256 7.5, nonce_pairs 50% ahead"])
        self.assertEqual(self.row(stages, name)[4:6], ["6.00", "3.50"])

    def test_names_do_not_depend_on_who_took_the_time(self):
        runs = [run_of("Aes128Gcm/Open/openssl/64/manual_time", 0.2), run_of("Aes128Gcm/Open/lockstep/64/manual_time", 0.1)]
        self.assertEqual(self.row(self.report(self.write("a.json", runs)), "Aes128Gcm/Open/lockstep/64")[4], "2.00")

    def test_lanes_have_a_table_of_their_own(self):
        runs = [run_of("X25519Derive/openssl", 40)]
        runs += [run_of(f"X25519Derive/lockstep/lanes:{lanes}", 32 / lanes) for lanes in range(1, 9)]
        text = self.report(self.write("a.json", runs))
        self.assertEqual(self.row(text, "X25519Derive")[1:], ["1.25", "2.50", "3.75", "5.00", "6.25", "7.50", "8.75", "10.00"])
        self.assertNotIn("| X25519Derive/lockstep/lanes:1 |", text)

    def test_several_files_are_one_report_with_the_context_of_all(self):
        first = self.write("a.json", [run_of("X25519Derive/openssl", 40)], cpu_model="A processor", flags="-O2")
        second = self.write("b.json", [run_of("X25519Derive/lockstep", 4)], cpu_model="A processor", libcrypto="3.0")
        text = self.report(first, second)
        self.assertEqual(self.row(text, "X25519Derive/lockstep")[4], "10.00")
        self.assertIn("* cpu_model: A processor\n* flags: -O2\n* libcrypto: 3.0\n", text)

    def test_rows_stand_in_the_order_of_the_program_however_repetitions_were_shuffled(self):
        runs = [{**run_of(name, 4), "family_index": index} for index, name in
                enumerate(("P256Derive/openssl", "P256Derive/lockstep", "X25519Derive/openssl", "X25519Derive/lockstep"))]
        text = self.report(self.write("a.json", runs[::-1]))
        self.assertLess(text.index("| P256Derive/"), text.index("| X25519Derive/"))

    def test_results_that_are_not_whole_are_refused(self):
        (self.folder / "half.json").write_text('{"context": {', encoding="utf-8")
        done = subprocess.run([sys.executable, str(REPORT), "--output", str(self.folder), str(self.folder / "half.json")],
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("report: cannot read the results", done.stderr)

    def test_check_fails_unless_every_goal_is_met(self):
        runs = [run_of("X25519Derive/openssl", 40), run_of("X25519Derive/lockstep", 4)]
        self.report("--check", self.write("a.json", runs), status=1)

    def test_the_picture_has_a_bar_for_each_row_and_a_mark_for_each_goal(self):
        runs = [run_of("X25519Derive/openssl", 40), run_of("X25519Derive/lockstep", 4),
                run_of("Tls12EcdheRsa2048/openssl", 400),
                run_of("Tls12EcdheRsa2048/lockstep/inflight:32", 100, sign_us=70.0, other_us=30.0)]
        self.report(self.write("a.json", runs))
        root = xml.etree.ElementTree.parse(self.folder / "out" / "report.svg").getroot()
        # The background, two ratios, two entries of the legend, two stages.
        self.assertEqual(len(root.findall(f"{SVG}rect")), 1 + 2 + 2 + 2)
        self.assertEqual(len([line for line in root.iter(f"{SVG}line") if line.get("class") == "goal"]), 1)
        words = [text.text for text in root.iter(f"{SVG}text")]
        self.assertIn("10.0×", words)
        self.assertIn("100.0 (400)", words)


if __name__ == "__main__":
    unittest.main()
