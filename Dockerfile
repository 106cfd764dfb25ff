FROM rust:1.95-bookworm AS build
WORKDIR /src

# The dependencies, in a layer of their own: built against empty sources, again only when the manifest changes.
COPY Cargo.toml Cargo.lock ./
ENV CARGO_PROFILE_RELEASE_STRIP=debuginfo
RUN mkdir src \
    && touch src/lib.rs \
    && echo 'fn main() {}' > src/main.rs \
    && cargo build --release --locked \
    && rm -r src

# The program. Migrations and reference data are built in. `touch`: the empty sources must not look newer.
COPY migrations migrations
COPY data data
COPY src src
RUN touch src/lib.rs src/main.rs \
    && cargo build --release --locked --bin expert-bank

# The program links nothing but the C library, makes no connections but to PostgreSQL and brings its own time zones, so
# there is nothing to install.
FROM debian:bookworm-slim
LABEL org.opencontainers.image.title="expert-bank" \
      org.opencontainers.image.description="The expert bank of a provincial Union of Science and Technology Associations: a JSON API over PostgreSQL"

RUN groupadd --gid 10001 expert-bank \
    && useradd --uid 10001 --gid 10001 --no-log-init --no-create-home --home-dir /nonexistent \
        --shell /usr/sbin/nologin expert-bank

COPY --from=build /src/target/release/expert-bank /usr/local/bin/expert-bank

USER 10001:10001
WORKDIR /
# Inside a container only the container's own address can be published.
ENV EXPERT_BANK_BIND=0.0.0.0:8080
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["expert-bank", "health"]
ENTRYPOINT ["expert-bank"]
CMD ["serve"]
