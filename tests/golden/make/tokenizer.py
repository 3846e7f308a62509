"""Token ids of the small tokenizer."""

import json

from tokenizers import Tokenizer

from golden import make


def compute(run):
    run.keep("tokenizer.json", "SentencePiece Unigram with byte fallback and a character table of its own")
    tokenizer = Tokenizer.from_file(run.path("tokenizer.json"))
    given = json.load(open(run.path("cases.json")))
    made = [{**case, "ids": tokenizer.encode(case["text"]).ids} for case in given["cases"]]
    run.text("cases.json", {**given, "cases": made}, "texts (input) and their ids")


make("tokenizer", compute, function='tokenizers.Tokenizer.from_file("tokenizer.json").encode(text).ids', tolerance="equal")
