"""The sync of a source, measured: a snapshot into an empty registry, the same again, and with some changed; beside COPY of the
same file into a table of one jsonb column, in the same run. Called by `bench/run sync`."""

import json
import subprocess
import sys
import threading
import time
import urllib.request

api, sockets, people, pid, officer, agency = sys.argv[1:7]


def ask(method, path, token, body=None, kind="application/json"):
    request = urllib.request.Request(api + "/api/v1" + path, data=body, method=method)
    request.add_header("authorization", "Bearer " + token)
    if body is not None:
        request.add_header("content-type", kind)
    with urllib.request.urlopen(request, timeout=900) as answer:
        return json.load(answer)


def psql(sql, stdin=None):
    command = ["psql", "-h", sockets, "-U", "expert_bank", "-d", "expert_bank", "-Atqc", sql]
    return subprocess.run(command, stdin=stdin, check=True, capture_output=True, text=True).stdout.strip()


def copied():
    psql("DROP TABLE IF EXISTS bench_copy; CREATE TABLE bench_copy (line jsonb)")
    begin = time.monotonic()
    with open(people) as lines:
        psql("COPY bench_copy FROM STDIN WITH (FORMAT csv, QUOTE e'\\x01', DELIMITER e'\\x02')", lines)
    took = time.monotonic() - begin
    psql("DROP TABLE bench_copy")
    return took


def forget_memory():
    with open(f"/proc/{pid}/clear_refs", "w") as refs:
        refs.write("5")  # the peak is from now on


def memory():
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:")) // 1024


def searched(seconds, until=None):
    """p99 in ms of searches one after the other."""
    times, end = [], time.monotonic() + seconds
    while time.monotonic() < end if until is None else not until.is_set():
        begin = time.monotonic()
        ask("GET", "/experts?q=lam+nghiep&limit=20", agency)
        times.append((time.monotonic() - begin) * 1000)
    return sorted(times)[int(len(times) * 0.99)] if times else float("nan")


def synced(source, file, watch=False):
    begin = time.monotonic()
    with open(file, "rb") as lines:
        plan = ask("POST", f"/sync/plans?source={source}&mode=snapshot", officer, lines.read(), "application/x-ndjson")
    at, sent = f"/sync/plans/{plan['id']}", time.monotonic()
    while (plan := ask("GET", at, officer))["state"] == "planning":
        time.sleep(0.1)
    planned, p99, done = time.monotonic(), [], threading.Event()
    watcher = threading.Thread(target=lambda: p99.append(searched(0, done)))
    if watch:
        watcher.start()
    if plan["state"] == "blocked":
        plan = ask("POST", at + "/release", officer)
    ask("POST", at + "/apply", officer, json.dumps({"hash": plan["hash"]}).encode())
    while (plan := ask("GET", at, officer))["state"] == "applying":
        time.sleep(0.1)
    applied = time.monotonic()
    done.set()
    if watch:
        watcher.join()
    assert plan["state"] == "applied", plan
    return sent - begin, planned - sent, applied - planned, applied - begin, p99[0] if p99 else None


def changed(file):
    with open(people) as lines, open(file, "w") as out:
        for number, line in enumerate(lines):
            record = json.loads(line)
            if number % 50 == 0:
                record["position"] = "Vị trí mới"
            out.write(json.dumps(record, ensure_ascii=False) + "\n")
    return file


def beyond(what, value, most):
    """Says it where a figure is more than it should be."""
    if value > most:
        print(f"  {what}: {value:.1f} is more than {most:.1f}")
    return value > most


def others(file):
    """A third of the people, as another source has them: none of them is known."""
    with open(people) as lines, open(file, "w") as out:
        for number, line in enumerate(lines):
            if number % 3:
                continue
            record = json.loads(line)
            # another name, and no date, address or title: none of them is taken for somebody known
            record["external_id"] = "other-" + record["external_id"]
            record["full_name"] = record["full_name"] + " " + record["full_name"].split()[0]
            for member in ("email", "phone", "date_of_birth", "publications", "former_names", "other_names"):
                record.pop(member, None)
            out.write(json.dumps(record, ensure_ascii=False) + "\n")
    return file


def told(what, sent, planned, applied, all, p99):
    by, slow = (f"{all / copy:.1f}", "") if p99 is None else ("", f"{p99:.0f}")
    print(f"| {what} | {sent:.1f} | {planned:.1f} | {applied:.1f} | {all:.1f} | {by} | {memory()} | {slow} |")


# three times, since a machine is not the same from one minute to the next; nothing else is at work yet
copies = sorted(copied() for _ in range(3))
copy = copies[1]
print("COPY into one jsonb column, s: " + ", ".join(f"{copy:.1f}" for copy in copies) + "\n")
print("| snapshot | sent, s | planned, s | applied, s | all, s | by COPY | memory, MB | search p99 while it applies, ms |")
print("|---|---|---|---|---|---|---|---|")
is_slow = False
rounds = [("into an empty registry", people, 12), ("the same again", people, 6), ("2 % changed", changed(people + ".2"), 6)]
for what, file, most in rounds:
    forget_memory()
    took = synced("bench", file)
    told(what, *took)
    is_slow |= any([beyond("time by COPY", took[3] / copy, most), beyond("memory, MB", memory(), 300)])
# somebody searches meanwhile, and takes a processor for that: not timed. Idle is the same registry when nobody is compared any more
while psql("SELECT count(*) FROM expert_duplicates_due") != "0":
    time.sleep(0.5)
idle = searched(10)
print(f"| search alone | | | | | | | {idle:.0f} |")
busy = [("a third as many of another source", "other", others(people + ".3")), ("2 % changed back", "bench", people)]
for what, source, file in busy:
    took = synced(source, file, watch=True)
    told(what, *took)
    is_slow |= beyond("search p99 by idle", took[4] / idle, 3)
sys.exit(1 if is_slow else 0)
