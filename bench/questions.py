#!/usr/bin/env python3
"""Asks the server each question with wrk, and PostgreSQL the same statements with pgbench, and prints the table.

The statements are not written down here, where they would soon be others than the server's: they are read from PostgreSQL's
log while the server answers the question once, with their parameters, and pgbench runs them as prepared statements. Both
take turns; the medians are printed, and of the ratio the least and the greatest, too. A sixth argument is a regular
expression: only questions whose names it fits are asked."""

import json
import re
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from statistics import median

ROUNDS = 3

api, sockets, log, seconds, connections = sys.argv[1:6]
only = next((argument for argument in sys.argv[6:] if argument != "--show"), "")
USER = DATABASE = "expert_bank"
PASSWORD = "chuyen-gia-demo"


def ask(path, token=None, body=None):
    headers = {"authorization": f"Bearer {token}"} if token else {}
    if body is not None:
        headers["content-type"] = "application/json"
        body = json.dumps(body).encode()
    request = urllib.request.Request(api + path, headers=headers, data=body)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def sign_in(name):
    return ask("/api/v1/auth/login", body={"username": name, "password": PASSWORD})["access_token"]


def sql(text):
    command = ["psql", "-h", sockets, "-U", USER, "-d", DATABASE, "-XAtqc", text]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def settings(on):
    for name, value in (("log_min_duration_statement", "0"), ("log_parameter_max_length", "-1"),
                        ("log_error_verbosity", "'default'")):
        sql(f"ALTER SYSTEM SET {name} = {value}" if on else f"ALTER SYSTEM RESET {name}")
    sql("SELECT pg_reload_conf()")
    time.sleep(1)


ENTRY = re.compile(r"^\S+ \S+ \S+ \[(\d+)\] (LOG|DETAIL):  (.*)$", re.S)
EXECUTE = re.compile(r"^duration: \S+ ms  execute [^:]+: (.*)$", re.S)
PARAMETER = re.compile(r"\$(\d+) = (NULL|'(?:[^']|'')*')")
# what runs beside the requests
BESIDE = re.compile(r"audit_|idempotency_|sign_in_|^(BEGIN|COMMIT|ROLLBACK|SET|RESET|ALTER|DEALLOCATE)\b")


def statements(path, token):
    """What the server says to PostgreSQL for one request: texts with their parameters. Once a second it also says things for
    itself, which can only add to them: of several times the one with the fewest."""
    for _ in range(40):
        ask(path, token)
    return min((said_for_one(path, token) for _ in range(8)), key=len)


def said_for_one(path, token):
    """What PostgreSQL was asked while the server answered one request."""
    begin = Path(log).stat().st_size
    ask(path, token)
    time.sleep(0.1)
    with open(log, encoding="utf-8", errors="replace") as file:
        file.seek(begin)
        lines = file.read().split("\n")
    entries = []
    for line in lines:
        if line.startswith("\t") and entries:
            entries[-1] += "\n" + line[1:]
        else:
            entries.append(line)
    found, last = [], None
    for entry in entries:
        said = ENTRY.match(entry)
        if not said:
            continue
        executed = EXECUTE.match(said[3])
        if executed:
            found.append((executed[1], []))
        elif said[2] == "DETAIL" and last:
            found[-1][1].extend(PARAMETER.findall(said[3]))
        # the parameters follow the statement at once; binding it says them, too
        last = executed
    return [(text, parameters) for text, parameters in found if not BESIDE.search(text)]


def pgbench(statements):
    """Transactions a second, and the 99th percentile in milliseconds."""
    variables, script = [], ""
    for number, (text, parameters) in enumerate(statements):
        for place, value in sorted(parameters, key=lambda pair: -int(pair[0])):
            name = f"p{number}_{place}"
            if value == "NULL":
                text = re.sub(rf"\${place}\b", "NULL", text)
                continue
            variables += ["-D", f"{name}=" + value[1:-1].replace("''", "'")]
            text = re.sub(rf"\${place}\b", f":{name}", text)
        script += text + ";\n"
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "script.sql").write_text(script, encoding="utf-8")
        command = ["pgbench", "-n", "-M", "prepared", "-h", sockets, "-U", USER, "-c", connections, "-j", "2",
                   "-T", seconds, "-f", f"{folder}/script.sql", "-l", f"--log-prefix={folder}/log", *variables, DATABASE]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            # a statement whose parameters have no type of their own
            print(f"  (pgbench: {done.stderr.splitlines()[0]})")
            return None
        said = done.stdout
        times = sorted(int(line.split()[2]) for path in Path(folder).glob("log*") for line in path.open())
    rate = float(re.search(r"tps = ([\d.]+)", said)[1])
    return rate, times[len(times) * 99 // 100] / 1000


def wrk(path, token):
    header = ["-H", f"authorization: Bearer {token}"] if token else []
    command = ["wrk", "-t2", f"-c{connections}", f"-d{seconds}s", "--latency", *header, api + path]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    p99 = re.search(r"99%\s+([\d.]+)(us|ms|s)", said)
    scale = {"us": 0.001, "ms": 1, "s": 1000}[p99[2]]
    return float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1]), float(p99[1]) * scale, int(bad[1]) if bad else 0


def page(path, number):
    """The path of a later page."""
    at = path
    for _ in range(number - 1):
        at = f"{path}&cursor=" + ask(at)["next_cursor"]
    return at


def words():
    """A word that some ten people have, and one that a tenth of all has."""
    counted = """SELECT key FROM (SELECT key, sum(public) AS people FROM search_words
                                   WHERE kind = 'word' AND key ~ '^[a-z]{{3,}}$' GROUP BY key) words
                  WHERE people > 0 ORDER BY abs(ln(people / {}::numeric)), key LIMIT 1"""
    return sql(counted.format("10")), sql(counted.format("(SELECT count(*) / 10 FROM experts)"))


def main():
    agency = sign_in("agency")
    person = sql("SELECT id FROM experts WHERE public_profile ORDER BY id OFFSET 40000 LIMIT 1") or \
        sql("SELECT id FROM experts WHERE public_profile ORDER BY id LIMIT 1")
    rare, common = words()
    by_name = "/api/v1/experts?sort=name"
    questions = [
        ("one by id", f"/api/v1/experts/{person}", None),
        ("one by id, signed in", f"/api/v1/experts/{person}", agency),
        ("list by field", "/api/v1/experts?field=404", None),
        (f"`q`, rare word (`{rare}`)", f"/api/v1/experts?q={rare}", None),
        (f"`q`, common word (`{common}`)", f"/api/v1/experts?q={common}", None),
        ("`q` with four facets", f"/api/v1/experts?q={common}&facets=field,degree,province,language", None),
        ("suggest", "/api/v1/experts/suggest?q=nguy", None),
        ("by name, page 1", by_name, None),
        ("by name, page 500", page(by_name, 500), None),
    ]
    print("| question | statements | requests/s | p99 ms | pgbench, same SQL | p99 ms | ratio |")
    print("|---|---|---|---|---|---|---|", flush=True)
    for name, path, token in (question for question in questions if re.search(only, question[0])):
        try:
            ask(path, token)
        except urllib.error.HTTPError as error:
            print(f"| {name} | ({error.code}: not there) | – | – | – | – | – |", flush=True)
            continue
        settings(True)
        asked = statements(path, token)
        settings(False)
        # turn by turn, since a machine is not the same from one minute to the next
        turns = [(pgbench(asked), wrk(path, token)) for _ in range(ROUNDS)]
        references = [reference for reference, _ in turns if reference]
        rate, p99 = (median(answer[place] for _, answer in turns) for place in (0, 1))
        bad = sum(answer[2] for _, answer in turns)
        beside = "– | – | –"
        if len(references) == ROUNDS:
            ratios = sorted(answer[0] / reference[0] for reference, answer in turns)
            beside = (f"{median(row[0] for row in references):,.0f} | {median(row[1] for row in references):.1f} | "
                      f"{median(ratios):.2f} ({ratios[0]:.2f}–{ratios[-1]:.2f})")
        print(f"| {name} | {len(asked)} | {rate:,.0f} | {p99:.1f} | {beside} |", flush=True)
        if bad:
            print(f"  ({bad} answers were no success)")
        if "--show" in sys.argv:
            for text, parameters in asked:
                print("    ", text, parameters)


main()
