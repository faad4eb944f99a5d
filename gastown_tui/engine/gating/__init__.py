"""Running a rig's gates: in their phases, within the machine's cores, with their services, logs and counts."""
