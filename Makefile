# Two commands for everybody: `make run` and `make test`. The rest is for developers.

.PHONY: run test generate check postgres toolchain

# The server in release mode with its private PostgreSQL, reference data and the demo.
run: postgres toolchain
	cargo build --release --locked
	$${CARGO_TARGET_DIR:-./target}/release/expert-bank serve --demo $(ARGS)

# All tests; they bring their own throw-away PostgreSQL and remove it.
test: postgres toolchain
	cargo test --locked

# What is generated and committed: OpenAPI document, authorization matrix, client types.
generate: postgres toolchain
	UPDATE=1 cargo test --locked --test api drift

# What CI asks beside the tests.
check: toolchain
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps --lib

postgres:
	@scripts/install-postgresql

toolchain:
	@command -v cargo >/dev/null || { echo "cargo is missing: install Rust (1.95 or newer) with rustup" >&2; exit 1; }
	@command -v cc >/dev/null || { echo "a C linker is missing: apt-get install gcc" >&2; exit 1; }
