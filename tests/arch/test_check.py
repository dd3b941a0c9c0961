#!/usr/bin/env python3
"""The include rules hold for this tree, and each rule catches a file that breaks it."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]


def run(tree):
    return subprocess.run([sys.executable, HERE / "check.py", tree], capture_output=True, text=True, check=False)


class Tree(unittest.TestCase):
    def test_this_tree_keeps_the_rules(self):
        result = run(ROOT)
        self.assertEqual(result.returncode, 0, result.stdout)

    def test_an_empty_tree_is_an_error(self):
        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(run(folder).returncode, 1)


class ForbiddenEdge(unittest.TestCase):
    """Each case adds one file to an empty tree and expects its line in the answer."""

    def refuse(self, path, content, reason):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder, path)
            file.parent.mkdir(parents=True)
            file.write_text(content, encoding="utf-8")
            result = run(folder)
        self.assertEqual(result.returncode, 1, result.stdout)
        self.assertIn(f"{path}:", result.stdout)
        self.assertIn(reason, result.stdout)

    def accept(self, path, content):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder, path)
            file.parent.mkdir(parents=True)
            file.write_text(content, encoding="utf-8")
            result = run(folder)
        self.assertEqual(result.returncode, 0, result.stdout)

    def test_tcp_does_not_know_tls(self):
        self.refuse("dataplane/tcp/a.cc", '#include "dataplane/tls/session.h"\n', "may not include dataplane/tls")

    def test_tls_does_not_know_tcp(self):
        self.refuse("dataplane/tls/a.cc", '#include "dataplane/tcp/stack.h"\n', "may not include dataplane/tcp")

    def test_arrows_do_not_go_up(self):
        self.refuse("crypto/base/a.h", '#include "dataplane/base/slab.h"\n', "may not include dataplane/base")

    def test_tls_sees_no_engine_interface(self):
        self.refuse("dataplane/tls/a.cc", '#include "crypto/engine.h"\n', "may not include crypto/engine.h")

    def test_tls_sees_no_openssl(self):
        self.refuse("dataplane/tls/a.cc", "#include <openssl/evp.h>\n", "not for dataplane/tls")

    def test_ipsec_mb_stays_in_crypto(self):
        self.refuse("dataplane/proxy/a.cc", "#include <intel-ipsec-mb.h>\n", "not for dataplane/proxy")

    def test_ethdev_is_for_io_only(self):
        self.refuse("dataplane/worker/a.cc", "#include <rte_ethdev.h>\n", "not for dataplane/worker")

    def test_mbufs_are_wrapped_in_base_only(self):
        self.refuse("dataplane/tcp/a.cc", "#include <rte_mbuf.h>\n", "not for dataplane/tcp")

    def test_concrete_engines_have_one_namer(self):
        self.refuse("control/api/a.cc", '#include "crypto/record/ipsec_mb_engine.h"\n', "name concrete engines")

    def test_convenience_libraries_are_for_control(self):
        self.refuse("dataplane/proxy/a.cc", "#include <nlohmann/json.hpp>\n", "not for dataplane/proxy")

    def test_an_unknown_room_is_refused(self):
        self.refuse("dataplane/attic/a.cc", "\n", "no such room")

    def test_long_files_are_refused(self):
        self.refuse("crypto/base/a.cc", "\n" * 521, "split it by idea")

    def test_downward_edges_are_accepted(self):
        self.accept("dataplane/proxy/a.cc", '#include "dataplane/tcp/stack.h"\n#include "dataplane/tls/session.h"\n')


if __name__ == "__main__":
    unittest.main(verbosity=0)
