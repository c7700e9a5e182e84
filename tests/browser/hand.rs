//! What a hand does in a browser, and scripts that answer later.

use crate::browser::Browser;
use serde_json::{Value, json};

impl Browser {
    /// What a script passes to its last argument, a function, within some seconds.
    pub(crate) fn ask_later(&self, script: &str) -> Value {
        self.post("/execute/async", &json!({ "script": script, "args": [] }))
    }

    /// What a command of the browser's own protocol answers.
    pub(crate) fn command(&self, name: &str, parameters: &Value) -> Value {
        self.post("/goog/cdp/execute", &json!({ "cmd": name, "params": parameters }))
    }

    /// Where an element of the page is: its middle, in pixels of the window.
    pub(crate) fn middle_of(&self, selector: &str) -> (i64, i64) {
        let script = format!(
            "const element = document.querySelector({selector:?});
             element.scrollIntoView({{ block: 'center' }});
             const box = element.getBoundingClientRect();
             return [Math.round(box.x + box.width / 2), Math.round(box.y + box.height / 2)]"
        );
        let at = self.ask(&script);
        (at[0].as_i64().expect("a place"), at[1].as_i64().expect("a place"))
    }

    /// Presses at a place, moves through others, and lets go.
    pub(crate) fn drag(&self, places: &[(i64, i64)], pointer: &str) {
        let place = |&(x, y): &(i64, i64), duration: u64| json!({ "type": "pointerMove", "duration": duration, "x": x, "y": y });
        let mut steps = vec![place(&places[0], 0), json!({ "type": "pointerDown", "button": 0 })];
        steps.extend(places[1..].iter().map(|at| place(at, 60)));
        steps.push(json!({ "type": "pointerUp", "button": 0 }));
        let actions = json!({ "actions": [{
            "type": "pointer", "id": pointer, "parameters": { "pointerType": pointer }, "actions": steps,
        }]});
        self.post("/actions", &actions);
    }

    /// Presses keys one after the other, by the characters of the `WebDriver` protocol.
    pub(crate) fn press(&self, keys: &str) {
        let pressed = keys.chars().map(String::from);
        let steps: Vec<Value> = pressed
            .flat_map(|key| ["keyDown", "keyUp"].map(|kind| json!({ "type": kind, "value": key })))
            .collect();
        self.post("/actions", &json!({ "actions": [{ "type": "key", "id": "keyboard", "actions": steps }] }));
    }
}
