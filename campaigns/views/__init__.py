"""The portal: what an advertiser's people see and do. Every page goes through the gate (gate.py)."""
