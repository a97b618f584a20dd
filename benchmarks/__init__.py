"""Benchmarks: measurements that are reported, not tests."""
