# Install rules live here; components runtime and dev.
