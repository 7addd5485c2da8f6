"""The seed's design (websocket-design.md) in Python, written as its document reads: FastAPI, its ConnectionManager, one
INSERT per message through asyncpg, committed before the broadcast. Without SEED_DATABASE nothing is stored. A message
{"datapoints": [...]}, which the seed does not know, is one transaction of executemany."""

import contextlib
import os
import secrets
from datetime import datetime

import asyncpg
from fastapi import FastAPI, WebSocket, WebSocketDisconnect

DATABASE = os.environ.get("SEED_DATABASE")
SCHEMA = """CREATE TABLE IF NOT EXISTS datapoints (
    id bigserial PRIMARY KEY,
    public_id text UNIQUE NOT NULL,
    value double precision NOT NULL,
    timestamp timestamptz NOT NULL,
    event_public_id text NOT NULL,
    experiment_public_id text);
    CREATE INDEX IF NOT EXISTS datapoints_event_timestamp ON datapoints (event_public_id, timestamp)"""
INSERT = """INSERT INTO datapoints (public_id, value, timestamp, event_public_id, experiment_public_id)
    VALUES ($1, $2, $3, $4, $5)"""
STREAM = "datapoints/stream"


class ConnectionManager:
    def __init__(self):
        self._connections: dict[str, set[WebSocket]] = {}

    async def connect(self, topic: str, ws: WebSocket):
        await ws.accept()
        self._connections.setdefault(topic, set()).add(ws)

    async def disconnect(self, topic: str, ws: WebSocket):
        self._connections.get(topic, set()).discard(ws)

    async def broadcast(self, topic: str, data: dict):
        for ws in list(self._connections.get(topic, ())):
            try:
                await ws.send_json(data)
            except (RuntimeError, WebSocketDisconnect):
                await self.disconnect(topic, ws)


app = FastAPI()


@app.on_event("startup")
async def open_database():
    app.state.pool = await asyncpg.create_pool(DATABASE) if DATABASE else None
    if app.state.pool:
        await app.state.pool.execute(SCHEMA)


@app.on_event("shutdown")
async def close_database():
    if app.state.pool:
        await app.state.pool.close()


manager = ConnectionManager()


def datapoint(reading):
    return {"public_id": "dp_" + secrets.token_hex(7), "value": reading["value"], "timestamp": reading["timestamp"],
            "event_public_id": reading["event_public_id"], "experiment_public_id": None}


def row(point):
    return (point["public_id"], point["value"], datetime.fromisoformat(point["timestamp"].replace("Z", "+00:00")),
            point["event_public_id"], point["experiment_public_id"])


async def persist(points):
    if not app.state.pool:
        return
    if len(points) == 1:
        await app.state.pool.execute(INSERT, *row(points[0]))
        return
    async with app.state.pool.acquire() as connection, connection.transaction():
        await connection.executemany(INSERT, [row(point) for point in points])


@app.websocket("/ws/controller/telemetry")
async def telemetry(ws: WebSocket):
    await ws.accept()
    with contextlib.suppress(WebSocketDisconnect):
        while True:
            message = await ws.receive_json()
            points = [datapoint(reading) for reading in message.get("datapoints", [message])]
            await persist(points)
            for point in points:
                await manager.broadcast(STREAM, point)
            if "batch" in message:
                await ws.send_json({"type": "ack", "batch": message["batch"], "stored": len(points)})


@app.websocket("/ws/datapoints/stream")
async def stream(ws: WebSocket):
    await manager.connect(STREAM, ws)
    with contextlib.suppress(WebSocketDisconnect):
        while True:
            await ws.receive_text()
    await manager.disconnect(STREAM, ws)
