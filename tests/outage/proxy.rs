//! Stands between the server and PostgreSQL and cuts the line at the worst moment.

use std::path::PathBuf;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};

use crate::postgres::{Postgres, socket_url};

/// A line that has carried this loses the answer to its next COMMIT.
pub const MARK: &str = "Cut";

pub struct Proxy {
    dir: PathBuf,
}

impl Proxy {
    /// Takes connections for PostgreSQL.
    pub fn start(name: &str) -> Self {
        let dir = PathBuf::from(format!("/tmp/eb-proxy-{name}-{}", std::process::id()));
        std::fs::create_dir(&dir).unwrap();
        let listener = UnixListener::bind(dir.join(".s.PGSQL.5432")).unwrap();
        tokio::spawn(async move {
            while let Ok((server, _)) = listener.accept().await {
                let postgres = UnixStream::connect(Postgres::get().dir().join(".s.PGSQL.5432")).await.unwrap();
                tokio::spawn(forward(server, postgres));
            }
        });
        Self { dir }
    }

    pub fn url(&self, database: &str) -> String {
        socket_url(&self.dir, database)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.dir));
    }
}

fn carry(bytes: &[u8], word: &str) -> bool {
    bytes.windows(word.len()).any(|window| window == word.as_bytes())
}

async fn forward(mut server: UnixStream, mut postgres: UnixStream) {
    let (mut asked, mut said) = (vec![0; 65_536], vec![0; 65_536]);
    let (mut marked, mut last) = (false, false);
    loop {
        tokio::select! {
            Ok(n) = server.read(&mut asked) => {
                let bytes = asked.get(..n).unwrap();
                marked = marked || carry(bytes, MARK);
                last = last || marked && carry(bytes, "COMMIT");
                if n == 0 || postgres.write_all(bytes).await.is_err() {
                    return;
                }
            }
            Ok(n) = postgres.read(&mut said) => {
                let bytes = said.get(..n).unwrap();
                // the answer to the COMMIT names it; what is said before it belongs to earlier statements
                let done = last && carry(bytes, "COMMIT");
                if n == 0 || done || server.write_all(bytes).await.is_err() {
                    return;
                }
            }
            else => return,
        }
    }
}
