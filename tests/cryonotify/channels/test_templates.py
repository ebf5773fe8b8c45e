"""What is wrong with a channel or a template is said with file, line and column, before it is needed."""

import os
import tempfile
import unittest
from pathlib import Path

from case import TEMPLATES, Case, check


class Channels(Case):
    def problem(self, text, *said):
        status, out = check(text + "\n")
        self.assertEqual(status, 1, out)
        for words in said:
            self.assertIn(words, out)

    def test_all_shipped_templates_are_sound(self):
        names = sorted(p.stem for p in Path(TEMPLATES).glob("*.yaml"))
        self.assertEqual(names, ["dingtalk", "feishu", "json", "ntfy", "slack", "sms-form", "sms-json", "wecom"])
        status, out = check("".join(f"c-{n}: {{kind: webhook, template: {n}, url: 'https://x.example/'}}\n" for n in names))
        self.assertEqual((status, out), (0, ""))

    def test_good_channels(self):
        status, out = check("mail: {kind: mail, host: mail.example, from: a@b.example, queue: 5, timeout: 1 min}\n"
                            "local: {kind: mail, host: localhost, security: none, from: a@b.example}\n"
                            "siren: {kind: command, command: [/bin/true], kill_after: 500 ms}\n")
        self.assertEqual((status, out), (0, ""))

    def test_mistakes(self):
        self.problem("m: {host: x}", "notify.yaml:1:1: 'kind' is missing")
        self.problem("m: {kind: mial}", "notify.yaml:1:11: 'mial' is not one of mail, webhook or command; did you mean 'mail'?")
        self.problem("m: 1", "a channel is written as a mapping")
        self.problem("m: {kind: mail, hots: x, from: a@b}", "did you mean 'host'?", "'host' is missing")
        self.problem("m: {kind: mail, host: 'a b', from: nobody}", "notify.yaml:1:23: 'a b' is not the name or address of a host",
                     "notify.yaml:1:36: 'nobody' is not a mail address: a mail address has an '@'")
        self.problem("m: {kind: mail, host: x, from: a@b, password: x}", "a secret never stands in the configuration")
        self.problem("m: {kind: mail, host: x, from: a@b, user: u}", "'user' needs 'password_file' or 'password_credential'")
        self.problem("m: {kind: mail, host: x, from: a@b, password_file: /x}", "a password needs 'user' beside it")
        self.problem("m: {kind: mail, host: x, from: a@b, user: u, password_file: /x, password_credential: y}", "not both")
        self.problem("m: {kind: mail, host: x, from: a@b, user: u, password_credential: a/b}", "it is no path")
        self.problem("m: {kind: mail, host: x, from: a@b, timeout: 0 s}", "notify.yaml:1:46:")
        self.problem("w: {kind: webhook, template: wecon, url: 'https://x'}", "there is no template 'wecon'", "did you mean 'wecom'?")
        self.problem("w: {kind: webhook, template: ../x, url: 'https://x'}", "or has an absolute path")
        self.problem("w: {kind: webhook, template: wecom}", "one of 'url', 'url_file' and 'url_credential' is missing")
        self.problem("w: {kind: webhook, template: wecom, url: 'ftp://x'}", "begins with https:// or http://")
        self.problem("w: {kind: webhook, template: wecom, url: 'https://u:p@x/'}", "user and password never stand in the address")
        self.problem("w: {kind: webhook, template: wecom, url: 'https://x/${adress}'}", "there is no placeholder ${adress}; did you mean 'address'?")
        self.problem("w: {kind: webhook, template: slack, url: 'https://x', secret_file: /dev/null}", "does not sign")
        self.problem("w: {kind: webhook, template: slack, url: 'https://x', token_file: /dev/null}", "neither 'user' nor the template uses it")
        self.problem("w: {kind: webhook, template: slack, url: 'https://x', secret: x}", "a secret never stands in the configuration")
        self.problem("w: {kind: webhook, template: slack, url: 'https://x', proxy: 'x:3128'}", "notify.yaml:1:62: a proxy is written")
        for kind in ("mail, host: x, from: a@b", "webhook, template: slack, url: 'https://x'", "command, command: [/bin/true]"):
            self.problem("c: {kind: %s, enabled: false}" % kind, "'enabled' is refused", "use 'cryonotify off PERSON/CHANNEL --for TIME --why TEXT'")
        self.problem("c: {kind: command, command: /bin/true -x}", "a command is a list", "there is no shell")
        self.problem("c: {kind: command, command: [true]}", "absolute path")
        self.problem("c: {kind: command, command: ['/bin/${site}']}", "which program runs can't depend on a message")
        self.problem("c: {kind: command, command: [/bin/true, '${token}']}", "others on this machine can read arguments")
        self.problem("c: {kind: command, command: [/bin/true, '${tank}']}", "notify.yaml:1:41: there is no placeholder ${tank}")

    def test_warnings(self):
        for text, said in (("m: {kind: mail, host: x, security: none, from: a@b}", "notify.yaml:1:36: mails cross the network in clear text"),
                           ("m: {kind: mail, host: x, from: a@b, ca_file: /nonexistent}", "the file /nonexistent is not there"),
                           ("w: {kind: webhook, template: slack, url: 'http://x/'}", "messages cross the network in clear text"),
                           ("w: {kind: webhook, template: wecom, url: 'https://x/?key=k'}", "this address holds a key"),
                           ("c: {kind: command, command: [/nonexistent]}", "/nonexistent is not there, or can't be run")):
            status, out = check(text + "\n")
            self.assertEqual(status, 0, out)
            self.assertIn("warning: ", out)
            self.assertIn(said, out)


class Templates(Case):
    def load(self, text):
        with tempfile.NamedTemporaryFile("w", suffix=".yaml", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            status, out = check(f"w: {{kind: webhook, template: {file.name}, url: 'https://x.example/'}}\n")
            return status, out.replace(file.name, "own.yaml")

    def problem(self, text, said):
        status, out = self.load(text)
        self.assertEqual(status, 1)
        self.assertIn(said, out)

    def test_a_good_one(self):
        self.assertEqual(self.load('body: |\n  {"a": "${first}", "n": ${value}, "list": ${members}, "s": ${site}, "en": "${asset_names.en}"}\n'), (0, ""))

    def test_placeholders(self):
        self.problem('content: json\nbody: |\n  {"a": "${first}",\n   "b": "${frist}"}\n', "own.yaml:4:1: there is no placeholder ${frist}; did you mean 'first'?")
        self.problem('content: text\nbody: "${first"\n', "own.yaml:2:7: a placeholder is written ${name}")
        self.problem('content: text\nbody: x\nheaders: {X-A: "${nothing}"}\n', "own.yaml:3:16: there is no placeholder ${nothing}")
        self.problem('content: form\nform: {a: "${b.c.d}"}\n', "there is no placeholder ${b.c.d}")

    def test_json(self):
        self.problem('body: |\n  {"a": "${first}"\n   "b": 1}\n', "own.yaml:3:1: with values in it, this is not JSON")
        self.problem('body: |\n  {"a": ${first} ${first}}\n', "this is not JSON")
        self.problem('body: |\n  {"a": ${token}}\n', "${token} stands in a string")
        # Known or not: null is no list's member that is missing.
        self.problem('body: |\n  {"a": 1${value}}\n', "this is not JSON")

    def test_sections(self):
        self.problem("content: json\n", "'body' is missing")
        self.problem("content: form\n", "'form' is missing")
        self.problem("content: form\nform: {a: b}\nbody: x\n", "'body' has no meaning")
        self.problem("body: '{}'\nbodi: x\n", "own.yaml:2:1: ")
        self.problem("body: '{}'\nmethod: GET\n", "'GET' is not one of POST or PUT")
        self.problem("body: '{}'\nheaders: {'X Y': z}\n", "'X Y' is no name of a header")
        self.problem("body: '{}'\nok: {json: code}\n", "stand together")
        self.problem("body: '{}'\nbusy: [1]\n", "'busy' is a list of values of the member that 'ok.json' names")
        self.problem("body: '{}'\nlimit: {max: 10}\n", "own.yaml:2:14: ")
        self.problem("body: '{}'\nsign: {scheme: rot13}\n", "'rot13' is not one of dingtalk, feishu or body")
        self.problem("body: '[]'\nsign: {scheme: feishu, members: {a: b}}\n", "sign.members are put into an object")
        self.problem("body: '{}'\nsign: {scheme: dingtalk, required: true}\n", "'secret_file' or 'secret_credential' is missing")
        self.problem("- a\n", "own.yaml:1:1: ")
        self.problem("body: 'x\n", "own.yaml:")


if __name__ == "__main__":
    unittest.main()
