"""Ad operations: lineups, advertisers, campaigns and what the ad server delivered."""

from campaigns.admin import campaigns, lineups

__all__ = ["campaigns", "lineups"]
