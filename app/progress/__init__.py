"""Planned against done, week by week."""
