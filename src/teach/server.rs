//! Serves the files of the page, embedded in the program, and its one call to browsers on this machine.
//!
//! A lesson is solved in a process of its own, which ends with its lesson, or when nobody waits any more: whatever it computes
//! then stops, and its place is free.

use super::guard::{admit, headers};
use super::lesson::{MAX_TABLE_BYTES, refused};
use super::page_files::page_file;
use bytes::Bytes;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use std::convert::Infallible;
use std::ffi::OsString;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::num::NonZero;
use std::path::PathBuf;
use std::pin::Pin;
use std::process::Stdio;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// Lessons that may wait for their turn; more are asked to come back.
const MAX_WAITING: usize = 64;
/// How long a request may take to arrive and be answered.
pub const PATIENCE: Duration = Duration::from_secs(30);
/// How long the head of a request may take to arrive.
const HEAD_PATIENCE: Duration = Duration::from_secs(10);
/// How long running requests may take after a shutdown was requested.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(1);
/// Pause after a connection could not be taken, as when all file handles are in use.
const RETRY_DELAY: Duration = Duration::from_millis(50);

const JSON: &str = "application/json";

type Answer = Response<Full<Bytes>>;

/// A page that is ready to be served.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    program: LessonProgram,
    runtime: Runtime,
    ended: Pin<Box<dyn Future<Output = ()>>>,
}

/// What answering needs.
struct ServerState {
    port: u16,
    program: LessonProgram,
    /// One for each lesson that is being solved.
    solving: Semaphore,
    /// One for each lesson that waits or is being solved.
    waiting: Semaphore,
}

impl Server {
    /// Binds a port of the loopback interface, any free one for 0; every lesson is solved by `program`, in a process of its own. From now on connections are accepted, and an
    /// interruption shuts the server down gracefully.
    ///
    /// # Errors
    /// The port cannot be bound, or the system does not give threads or signals.
    pub fn open(port: u16, program: LessonProgram) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        listener.set_nonblocking(true)?;
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let ended = {
            let _within = runtime.enter();
            Box::pin(ended()?)
        };
        Ok(Self { address: listener.local_addr()?, listener, program, runtime, ended })
    }

    /// The address to open in a browser.
    #[must_use]
    pub fn address(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// Serves until the process is interrupted (Ctrl-C) or asked to end.
    ///
    /// # Errors
    /// The system does not take the listener over. A connection that fails ends nothing.
    pub fn serve(self) -> io::Result<()> {
        let Self { listener, address, program, runtime, ended } = self;
        let state = ServerState::new(address.port(), program);
        let served = runtime.block_on(accept(listener, state, ended));
        // A lesson that is still being solved is nobody's any more; its process is killed.
        runtime.shutdown_background();
        served
    }
}

async fn accept(
    listener: TcpListener,
    state: ServerState,
    mut ended: Pin<Box<dyn Future<Output = ()>>>,
) -> io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let state = Arc::new(state);
    let graceful = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut ended => break,
        };
        let Ok((stream, _)) = accepted else {
            tokio::time::sleep(RETRY_DELAY).await;
            continue;
        };
        let mut builder = http1::Builder::new();
        builder.timer(TokioTimer::new()).header_read_timeout(HEAD_PATIENCE);
        let state = Arc::clone(&state);
        let service = service_fn(move |request| {
            let state = Arc::clone(&state);
            async move { Ok::<_, Infallible>(respond(&state, request).await) }
        });
        let connection = builder.serve_connection(TokioIo::new(stream), service);
        // A browser that hangs up in the middle is no news.
        tokio::spawn(graceful.watch(connection));
    }
    let _ = timeout(SHUTDOWN_TIMEOUT, graceful.shutdown()).await;
    Ok(())
}

/// Waits for Ctrl-C, or for the system to ask for the end.
#[cfg(unix)]
fn ended() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupted, mut terminated) =
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupted.recv() => {}
            _ = terminated.recv() => {}
        }
    })
}

/// Waits for Ctrl-C.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "other systems can fail")]
fn ended() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        let _ = tokio::signal::ctrl_c().await;
    })
}

impl ServerState {
    fn new(port: u16, program: LessonProgram) -> Self {
        let solving = available_parallelism().map_or(1, NonZero::get);
        Self {
            port,
            program,
            solving: Semaphore::new(solving),
            waiting: Semaphore::new(solving + MAX_WAITING),
        }
    }
}

/// Answers a request: access control, timeout, security headers.
async fn respond(state: &ServerState, request: Request<Incoming>) -> Answer {
    // The page reads every answer to a lesson as JSON; whatever else is asked for, people read.
    let say = if is_lesson(&request) { refusal } else { text };
    let mut response = match admit(request.method(), request.headers(), state.port) {
        Err((status, why)) => say(status, why),
        Ok(()) => match timeout(PATIENCE, route(state, request)).await {
            Ok(response) => response,
            Err(_) => say(StatusCode::REQUEST_TIMEOUT, "this took too long; ask for less"),
        },
    };
    response.headers_mut().extend(headers());
    response
}

/// Whether a request is of the page's one call.
fn is_lesson<B>(request: &Request<B>) -> bool {
    request.uri().path() == "/solve"
}

async fn route(state: &ServerState, request: Request<Incoming>) -> Answer {
    let solving = is_lesson(&request);
    match *request.method() {
        Method::POST if solving => match body(request.into_body()).await {
            Ok(body) => answer(state, body).await,
            Err((status, why)) => refusal(status, &why),
        },
        Method::GET | Method::HEAD if !solving => page(request.uri().path()),
        _ => {
            let say = if solving { refusal } else { text };
            let mut response = say(StatusCode::METHOD_NOT_ALLOWED, "this address takes no such request");
            let allowed = if solving { "POST" } else { "GET, HEAD" };
            response.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
            response
        }
    }
}

/// The body of a request of moderate size.
async fn body(body: Incoming) -> Result<Bytes, (StatusCode, String)> {
    match Limited::new(body, MAX_TABLE_BYTES).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => {
            Err((StatusCode::PAYLOAD_TOO_LARGE, format!("a lesson has at most {MAX_TABLE_BYTES} bytes")))
        }
        Err(error) => Err((StatusCode::BAD_REQUEST, error.to_string())),
    }
}

fn page(path: &str) -> Answer {
    match page_file(path.strip_prefix('/').unwrap_or(path)) {
        Some(file) => response(StatusCode::OK, file.kind, Bytes::from_static(file.text.as_bytes())),
        None => text(StatusCode::NOT_FOUND, "there is nothing here"),
    }
}

/// Answers a lesson as soon as a processor is free. When the request is dropped, because the browser has gone or the time is
/// up, the process that solves it is killed, and its place is free.
async fn answer(state: &ServerState, body: Bytes) -> Answer {
    let Ok(_waiting) = state.waiting.try_acquire() else {
        return refusal(StatusCode::SERVICE_UNAVAILABLE, "too many lessons at once; try again in a moment");
    };
    let Ok(_solving) = state.solving.acquire().await else {
        return refusal(StatusCode::SERVICE_UNAVAILABLE, "the page is closing");
    };
    let said = state.program.answer(&body).await.ok();
    match said.and_then(|(status, json)| Some((StatusCode::from_u16(status).ok()?, json))) {
        Some((status, json)) => response(status, JSON, json.into()),
        None => refusal(StatusCode::INTERNAL_SERVER_ERROR, "this lesson has upset the program"),
    }
}

fn refusal(status: StatusCode, why: &str) -> Answer {
    response(status, JSON, refused(why).into())
}

fn text(status: StatusCode, text: &str) -> Answer {
    response(status, "text/plain; charset=utf-8", Bytes::copy_from_slice(text.as_bytes()))
}

fn response(status: StatusCode, kind: &'static str, body: Bytes) -> Answer {
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

/// The program that takes a lesson from its standard input to a [`Reply`](super::Reply) on its standard output: the status of
/// HTTP on the first line, then the JSON.
#[derive(Debug, Clone)]
pub struct LessonProgram {
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
}

impl LessonProgram {
    /// What the program says to a lesson. When the future is dropped, the program is killed.
    pub(super) async fn answer(&self, lesson: &[u8]) -> io::Result<(u16, Vec<u8>)> {
        let mut child = Command::new(&self.program)
            .args(&self.arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        if let Some(mut input) = child.stdin.take() {
            input.write_all(lesson).await?;
        }
        status_and_json(child.wait_with_output().await?.stdout)
            .ok_or_else(|| io::Error::other("there is no answer"))
    }
}

/// The status on the first line, and what follows.
fn status_and_json(mut said: Vec<u8>) -> Option<(u16, Vec<u8>)> {
    let end = said.iter().position(|&byte| byte == b'\n')?;
    let json = said.split_off(end + 1);
    let status = std::str::from_utf8(&said).ok()?.trim().parse().ok()?;
    Some((status, json))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_is_the_status() {
        assert_eq!(status_and_json(b"200\n{}\n".to_vec()), Some((200, b"{}\n".to_vec())));
        for nothing in [&b""[..], b"200", b"ok\n{}", b"\xff\n"] {
            assert_eq!(status_and_json(nothing.to_vec()), None);
        }
    }
}
