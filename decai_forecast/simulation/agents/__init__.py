"""Agents that learn: how a firm orders, from its own records; and what a disruption does to the orders it gets."""
