"""The Seon send queue daemon: work that no caller waits for, in a configurable time slice (mission E5)."""
