#!/bin/sh
exec nc -lk -p "${1:-8080}"
