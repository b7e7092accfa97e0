import json
import os
from pathlib import Path

import qrcode
import qrcode.image.svg
from fastapi import FastAPI, Response

BOXES = Path(os.environ["INVENTORY_FILE"])
BASE_URL = os.environ["INVENTORY_BASE_URL"]

app = FastAPI(title="Inventory")


def load() -> dict[str, list[str]]:
    return json.loads(BOXES.read_text()) if BOXES.exists() else {}


@app.get("/boxes")
def boxes() -> dict[str, list[str]]:
    return load()


@app.put("/boxes/{box}")
def put_box(box: str, things: list[str]) -> list[str]:
    BOXES.write_text(json.dumps(load() | {box: things}))
    return things


@app.get("/boxes/{box}/label.svg")
def label(box: str) -> Response:
    image = qrcode.make(f"{BASE_URL}/boxes/{box}", image_factory=qrcode.image.svg.SvgPathImage)
    return Response(image.to_string(), media_type="image/svg+xml")
