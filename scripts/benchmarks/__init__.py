"""Benchmarks: one module a noun, each with `comparisons()`, which yields what is measured."""
