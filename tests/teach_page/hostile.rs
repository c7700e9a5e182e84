//! Requests that nobody who opened the page would send.

use super::served::Served;
use assert_cmd::Command;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

const LESSON: &str = r#"{"problem":{"analysis":{"name":"x","title":"t","measure":["gradient"],
    "data":{"gaussian":{"means":{"at":[[-1,0],[1,0]]},"counts":[40,40]}},"series":[{"loss":"logistic"}]}}}"#;

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or("none")
}

#[test]
fn the_page_may_fetch_and_run_nothing_but_what_comes_with_it() {
    let served = Served::start();
    let answer = served.exchange(
        format!("GET / HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", served.host()).as_bytes(),
    );
    let head = answer.split("\r\n\r\n").next().expect("a head").to_lowercase();
    for line in [
        "content-security-policy: default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'",
        "frame-ancestors 'none'",
        "x-content-type-options: nosniff",
        "cross-origin-resource-policy: same-origin",
    ] {
        assert!(head.contains(line), "{line} in {head}");
    }
    assert!(answer.contains("<script type=\"module\" src=\"main.js\">"), "{answer}");
}

#[test]
fn foreign_names_and_sites_are_turned_away() {
    let served = Served::start();
    let host = served.host();
    let port = host.rsplit(':').next().expect("a port");
    let get =
        |host: &str, more: &str| format!("GET / HTTP/1.1\r\nHost: {host}\r\n{more}Connection: close\r\n\r\n");
    let post = |more: &str| {
        format!(
            "POST /solve HTTP/1.1\r\nHost: {host}\r\n{more}Connection: close\r\nContent-Length: {}\r\n\r\n{LESSON}",
            LESSON.len()
        )
    };
    let json = "Content-Type: application/json\r\n";
    for (request, expected) in [
        (get(host, ""), "200"),
        (get(&format!("localhost:{port}"), ""), "200"),
        (get("attacker.example", ""), "403"),
        (get(&format!("attacker.example:{port}"), ""), "403"),
        (get(host, "Origin: http://attacker.example\r\n"), "403"),
        (get(host, "Host: attacker.example\r\n"), "403"),
        (post(&format!("Origin: http://{host}\r\n{json}")), "200"),
        (post(&format!("Origin: http://attacker.example\r\n{json}")), "403"),
        (post(&format!("Origin: null\r\n{json}")), "403"),
        (post("Content-Type: text/plain\r\n"), "415"),
        (post(""), "415"),
        (format!("DELETE /solve HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"), "405"),
        (format!("GET /../Cargo.toml HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"), "404"),
        (format!("GET /%2e%2e/etc/passwd HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"), "404"),
        ("GET / HTTP/1.1\r\nConnection: close\r\n\r\n".to_owned(), "403"),
    ] {
        assert_eq!(status(&served.exchange(request.as_bytes())), expected, "{request}");
    }
}

#[test]
fn what_is_too_large_or_no_lesson_gets_one_line() {
    let served = Served::start();
    let (code, body) = served.solve(&"x".repeat(40_000));
    assert_eq!(code, 413, "{body}");
    let deep = format!("{}{}", "[".repeat(15_000), "]".repeat(15_000));
    let many = LESSON.replace("[40,40]", "[40000,40]");
    for (lesson, expected_code, expected) in [
        ("", 422, "no lesson: "),
        ("{", 422, "no lesson: "),
        ("{\"problem\":{}}", 422, "missing field `analysis`"),
        (deep.as_str(), 422, "no lesson: "),
        (many.as_str(), 413, "samples: 40040; the page takes at most 5000 (`equipoise run` takes more)"),
    ] {
        let (code, body) = served.solve(lesson);
        assert!(
            code == expected_code && body.contains(expected) && body.lines().count() == 1,
            "{code} {body}"
        );
    }
    assert_eq!(served.solve(LESSON).0, 200, "it goes on");
}

#[test]
fn a_hundred_hostile_requests_at_once_do_not_stop_the_page() {
    let served = Served::start();
    let address: SocketAddr = served.host().parse().expect("an address");
    let host = served.host().to_owned();
    let costly = LESSON.replace("[40,40]", "[2500,2500]").replace("\"logistic\"", "{\"inr\":{\"beta\":20}}");
    let hostile = |number: usize| -> Vec<u8> {
        let head = format!("POST /solve HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n");
        match number % 5 {
            // Begins and says no more.
            0 => b"GET / HTT".to_vec(),
            // Promises much and sends little.
            1 => format!("{head}Content-Length: 30000\r\n\r\n{{").into_bytes(),
            // Promises more than is taken.
            2 => format!("{head}Content-Length: 999999999999\r\n\r\n{{").into_bytes(),
            // Is no request.
            3 => (0..4000_u32).map(|byte| (byte.wrapping_mul(2_654_435_761) >> 24) as u8).collect(),
            // Asks for much.
            _ => format!("{head}Content-Length: {}\r\n\r\n{costly}", costly.len()).into_bytes(),
        }
    };
    let open: Vec<TcpStream> = (0..100)
        .map(|number| {
            let mut stream = TcpStream::connect(address).expect("it listens");
            let _ = stream.write_all(&hostile(number));
            stream
        })
        .collect();
    let (code, body) = served.solve(LESSON);
    assert_eq!(code, 200, "{body}");
    // Those that asked for much are answered or asked to come back, none is left without a word.
    for (number, mut stream) in open.into_iter().enumerate().filter(|(number, _)| number % 5 == 4) {
        stream.set_read_timeout(Some(Duration::from_secs(30))).expect("set");
        let mut begin = [0; 12];
        stream.read_exact(&mut begin).unwrap_or_else(|error| panic!("{number}: {error}"));
        assert!(
            begin == *b"HTTP/1.1 200" || begin == *b"HTTP/1.1 503",
            "{}",
            String::from_utf8_lossy(&begin)
        );
    }
}

#[test]
fn an_interruption_ends_it_in_good_order_even_while_others_hold_on() {
    let mut served = Served::start();
    let address: SocketAddr = served.host().parse().expect("an address");
    let mut idle = TcpStream::connect(address).expect("it listens");
    idle.write_all(b"GET / HTT").expect("sent");
    assert_eq!(served.interrupt(), Some(0));
}

#[test]
fn a_port_that_is_taken_gets_one_line() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("its number").port().to_string();
    let mut command = Command::cargo_bin("equipoise").expect("the binary is built");
    let output = command.args(["teach", "--no-open", "--port", &port]).output().expect("it runs");
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr.contains(&format!("--port {port}: in use")) && stderr.lines().count() == 1, "{stderr}");
}

/// What is solved for nobody stops, and its place is free.
#[test]
fn lessons_whose_browsers_have_gone_take_no_place() {
    let served = Served::start();
    let address: SocketAddr = served.host().parse().expect("an address");
    let costly = LESSON.replace("[40,40]", "[2500,2500]").replace("\"logistic\"", "{\"inr\":{\"beta\":20}}");
    let host = served.host();
    for _ in 0..200 {
        let mut stream = TcpStream::connect(address).expect("it listens");
        let request = format!(
            "POST /solve HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{costly}",
            costly.len()
        );
        stream.write_all(request.as_bytes()).expect("sent");
    }
    let (code, body) = served.solve(LESSON);
    assert_eq!(code, 200, "{body}");
    std::thread::sleep(Duration::from_secs(1));
    let children = std::process::Command::new("pgrep").args(["-P", &served.process().to_string()]).output();
    let children = String::from_utf8(children.expect("pgrep runs").stdout).expect("text");
    assert_eq!(children.lines().count(), 0, "still at work: {children}");
}

/// The page reads every answer to a lesson as JSON.
#[test]
fn whatever_is_said_to_a_lesson_is_json() {
    let served = Served::start();
    let many = |number: usize| format!("{{\"loss\":\"softmax\",\"label\":\"s{number}\"}}");
    // Within all sizes, but 24 times as much work for each of six losses.
    let heavy = format!(
        "{{\"problem\":{{\"analysis\":{{\"name\":\"x\",\"title\":\"t\",\"measure\":[\"weight_effect_by_differences\"],\"series\":[{}],\
         \"data\":{{\"gaussian\":{{\"means\":{{\"random\":{{\"classes\":12,\"dimension\":64,\"spread\":0.3}}}},\"counts\":[{}]}}}}}}}}}}",
        (0..6).map(many).collect::<Vec<_>>().join(","),
        ["416"; 12].join(",")
    );
    let sharp = LESSON.replace("\"logistic\"", "{\"inr\":{\"beta\":1e100,\"variant\":\"detached\"}}");
    let escape = LESSON.replace("\"t\"", "\"a\\u001b[2J\"");
    for (lesson, expected_code, expected) in [
        (heavy.as_str(), 413, "seconds of work"),
        (sharp.as_str(), 422, "beta: 1e100; give at most 1000"),
        (escape.as_str(), 422, "U+001B"),
        ("[", 422, "no lesson"),
    ] {
        let (code, body) = served.solve(lesson);
        let said: serde_json::Value = serde_json::from_str(&body).expect("JSON");
        let why = said["refused"].as_str().expect("a reason");
        assert!(code == expected_code && why.contains(expected), "{code}: {why}");
    }
    let host = served.host();
    for request in [
        format!("POST /solve HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"),
        format!("GET /solve HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"),
        format!(
            "POST /solve HTTP/1.1\r\nHost: {host}\r\nOrigin: null\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
        ),
    ] {
        let answer = served.exchange(request.as_bytes());
        let body = answer.split_once("\r\n\r\n").expect("a head").1;
        let said: serde_json::Value =
            serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {answer}"));
        assert!(said["refused"].is_string(), "{answer}");
    }
}
