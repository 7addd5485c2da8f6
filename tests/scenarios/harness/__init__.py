"""What the scenarios share: real programs, an independent Modbus server, independent WebSocket clients."""
