"""What sessions are judged by: in general, and for each partner. One model; adding a setting to it: demands.py."""
