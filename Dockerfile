# Not built by the tests: where they run, no image can be pulled.
#   docker build --tag nixlint .
#   docker run --rm --network none --volume "$PWD:/src:ro" nixlint check
FROM rust:1.95-alpine AS build
RUN apk add --no-cache musl-dev
WORKDIR /nixlint
COPY . .
RUN cargo build --release --locked

FROM scratch
COPY --from=build /nixlint/target/release/nixlint /nixlint
COPY --from=build /nixlint/LICENSE-APACHE /nixlint/LICENSE-MIT /licenses/
WORKDIR /src
USER 65534:65534
ENTRYPOINT ["/nixlint"]
CMD ["--help"]
