"""How long `expert-bank assign` takes beside a greedy pass over the same scores in the same run, and how much better it is.

Usage: assign.py PROGRAM FOLDER
"""

import json
import os
import random
import subprocess
import sys
import time

program, folder = sys.argv[1:]
# requests, experts, demand, load_max; seconds a total may take
SIZES = [(118, 177, 3, 4, 2), (600, 530, 4, 6, 20)]


def questions(requests, experts):
    """Scores of three kinds: without order, by topic, and with a few whom everybody wants."""
    numbers = random.Random(1)
    standing = [numbers.random() for _ in range(experts)]
    topics = [numbers.randrange(8) for _ in range(experts)]
    kinds = {"even": [], "topics": [], "contested": []}
    for request in range(requests):
        kinds["even"].append([round(numbers.random(), 6) for _ in range(experts)])
        near = [0.6 if topic == request % 8 else 0.1 for topic in topics]
        row = [round(base + 0.3 * numbers.random() * own, 6) for base, own in zip(near, standing)]
        kinds["topics"].append(row)
        kinds["contested"].append([round(0.8 * own + 0.2 * numbers.random(), 6) for own in standing])
    return kinds


def greedy(scores, demand, load):
    """The best pairs first; total and smallest sum."""
    pairs = sorted(((-score, r, e) for r, row in enumerate(scores) for e, score in enumerate(row)))
    seats, room, sums = [demand] * len(scores), [load] * len(scores[0]), [0.0] * len(scores)
    for score, request, expert in pairs:
        if seats[request] and room[expert]:
            seats[request] -= 1
            room[expert] -= 1
            sums[request] -= score
    return sum(sums), min(sums)


print("size        scores     objective  seconds  by greedy  total      worst    bound      optimal  total by greedy")
failed = False
for requests, experts, demand, load, limit in SIZES:
    for kind, scores in questions(requests, experts).items():
        begin = time.perf_counter()
        most, _ = greedy(scores, demand, load)
        reference = time.perf_counter() - begin
        for objective in ("total", "worst"):
            path = os.path.join(folder, "question.json")
            with open(path, "w", encoding="utf-8") as file:
                asked = {"scores": scores, "demand": [demand] * requests, "load_max": [load] * experts}
                json.dump({**asked, "objective": objective}, file)
            begin = time.perf_counter()
            told = json.loads(subprocess.run([program, "assign", path], check=True, capture_output=True).stdout)
            took = time.perf_counter() - begin
            failed |= objective == "total" and took > limit
            print(
                f"{requests:>4} × {experts:<4} {kind:<10} {objective:<9} {took:>8.3f} {took / reference:>10.2f}  "
                f"{told['total']:<10.4f} {told['worst']:<8.4f} {told['bound']:<10.4f} {str(told['optimal']):<8} "
                f"{told['total'] / most:.4f}"
            )
sys.exit("a total took longer than it should" if failed else 0)
