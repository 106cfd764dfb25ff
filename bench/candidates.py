"""Candidates for requests, measured over one connection: experts with ten publications each, abstracts of some 150 words drawn
from a vocabulary in which a few words are frequent and most are rare. Called by `bench/run candidates`; with `proposal` it measures
proposals of panels of nine instead, without drafters and with two.

Usage: candidates.py API SOCKETS PID OFFICER [candidates|proposal]
"""

import http.client
import json
import random
import subprocess
import sys
import time
import urllib.parse

api, sockets, pid, officer = sys.argv[1:5]
WORKS, WORDS = 10, 150
numbers = random.Random(1)


def psql(sql, stdin=None):
    command = ["psql", "-h", sockets, "-U", "expert_bank", "-d", "expert_bank", "-Atqc", sql]
    return subprocess.run(command, input=stdin, check=True, capture_output=True, text=True).stdout.strip()


def memory():
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:")) // 1024


HEADS = "b br c ch cr d dr f fl g gr h j k l m n p pl pr qu r s sh sl st t th tr v w".split()
TAILS = "al an ard atic e el ent er est ia ic ing ion ism ist ite ity ive ment o or ose ous um ure".split()
VOCABULARY = sorted({a + b + c + d for a in HEADS for b in "aeiou" for c in HEADS for d in TAILS})
numbers.shuffle(VOCABULARY)
# as in a language, but for the words that say nothing: the n-th word is there a share of 1/n
WEIGHTS = [1 / (n + 100) for n in range(len(VOCABULARY))]
TOTALS = [0.0]
for weight in WEIGHTS:
    TOTALS.append(TOTALS[-1] + weight)


def text(count):
    return " ".join(numbers.choices(VOCABULARY, cum_weights=TOTALS[1:], k=count))


def lines(people):
    for person in people:
        for ordinal in range(WORKS):
            yield f"{person}\t{ordinal}\t{text(10)}\t{text(WORDS)}\n"


# everybody agrees and is verified; person by person that would be a day of clicks
psql("SET session_replication_role = replica; UPDATE experts SET status = 'active'")
people = psql("SELECT id FROM experts WHERE status = 'active' ORDER BY id").splitlines()
psql("DROP TABLE IF EXISTS bench_works; CREATE TABLE bench_works (expert_id uuid, ordinal int, title text, abstract text)")
psql("COPY bench_works FROM STDIN", "".join(lines(people)))
psql("""SET session_replication_role = replica;
INSERT INTO expert_publications (id, expert_id, ordinal, title, abstract)
SELECT gen_random_uuid(), expert_id, 1000 + ordinal, title, abstract FROM bench_works;
UPDATE experts SET version = version + 1, updated_at = now() WHERE id IN (SELECT expert_id FROM bench_works);
INSERT INTO expert_changes (expert_id, was_known, was_agencies, was_public, is_known, is_agencies, is_public)
SELECT id, true, false, false, true, false, false FROM experts LIMIT 1;
DROP TABLE bench_works""")
psql("VACUUM ANALYZE")
# who was just loaded is held against everybody: that takes a processor, and is measured by `bench/run duplicates`
while psql("SELECT count(*) FROM expert_duplicates_due") != "0":
    time.sleep(0.5)
before = memory()
connection = http.client.HTTPConnection(urllib.parse.urlparse(api).netloc, timeout=60)


def ask(path, body=None):
    headers = {"authorization": "Bearer " + officer, "content-type": "application/json"}
    connection.request("GET" if body is None else "POST", "/api/v1" + path, body=body, headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    return answer.status, body


status, body = ask("/consultations?limit=100")
ids = [item["id"] for item in json.loads(body)["items"]]
for at, id in enumerate(ids):
    psql(f"""SET session_replication_role = replica;
    UPDATE consultations SET title = '{text(12)}', summary = '{text(WORDS)}' WHERE id = '{id}'""")
begin = time.monotonic()
while ask(f"/consultations/{ids[0]}/candidates")[0] != 200:
    time.sleep(0.2)
warm = time.monotonic() - begin
print(f"texts of {len(people)} experts with {WORKS * len(people)} publications read in {warm:.1f} s, {memory() - before} MB")


def measured(name, question, rounds=300):
    times = []
    for at in range(rounds):
        begin = time.monotonic()
        status, _ = ask(f"/consultations/{ids[at % len(ids)]}/candidates{question}")
        times.append((time.monotonic() - begin) * 1000)
        assert status == 200, status
    times.sort()
    print(f"| {name} | {times[len(times) // 2]:.0f} | {times[int(len(times) * 0.99)]:.0f} |")


def proposed(name, ids, order, rounds=60):
    times, proven = [], 0
    for at in range(rounds):
        begin = time.monotonic()
        status, answer = ask(f"/consultations/{ids[at % len(ids)]}/panel/proposal", json.dumps(order))
        times.append((time.monotonic() - begin) * 1000)
        assert status == 200, (status, answer)
        proven += json.loads(answer).get("optimal") is True
    times.sort()
    print(f"| {name} | {times[len(times) // 2]:.0f} | {times[-1]:.0f} | {proven} of {rounds} |")


if sys.argv[5:] == ["proposal"]:
    over = ("draft", "withdrawn", "declined", "cancelled", "closed", "delivered", "responded")
    ids = psql(f"SELECT id FROM consultations WHERE state NOT IN {over} ORDER BY id").splitlines()
    nine = {"seats": {"reviewer": 2, "member": 5}}
    rules = {**nine, "least_outside_province": 2, "most_per_employer": 2, "least_degree": {"chair": "TS"}}
    print("| order | median ms | most ms | proven |\n|---|---|---|---|")
    psql("SET session_replication_role = replica; DELETE FROM consultation_drafters")
    proposed("nine seats", ids, nine)
    proposed("nine seats, rules", ids, rules)
    psql("""SET session_replication_role = replica;
    INSERT INTO consultation_drafters (id, consultation_id, ordinal, expert_id)
    SELECT gen_random_uuid(), c.id, n - 1, e.id FROM consultations c, generate_series(1, 2) n,
           LATERAL (SELECT id FROM experts WHERE status = 'active' ORDER BY id OFFSET n LIMIT 1) e""")
    proposed("nine seats, two drafters", ids, nine)
    proposed("nine seats, rules, two drafters", ids, rules)
    sys.exit(0)

print("| question | median ms | p99 ms |\n|---|---|---|")
measured("candidates", "")
measured("100 a page", "?limit=100")
measured("`field=404&min_degree=TS`", "?field=404&min_degree=TS")
measured("`q=lam nghiep`", "?q=lam+nghiep")
