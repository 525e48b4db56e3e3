import Testing

@testable import DeviceProfiles

@Suite("Value templates")
struct ValueTemplateTests {
    static let payload = #"{"a":{"b":21.456,"t":"x"},"s":"ON","n":1,"z":0,"f":false,"l":[5,6],"nan":nan,"k-y":7}"#

    @Test(arguments: [
        ("{{ value_json.a.b }}", "21.456"), ("{{value_json['a'].b}}", "21.456"),
        ("{{ value_json[\"a\"]['b'] }}", "21.456"),
        ("{{ value_json['k-y'] }}", "7"), ("{{ value_json.l[1] }}", "6"), ("{{ value_json.a.b | round(1) }}", "21.5"),
        ("{{ value_json.a.b|float|round(2) }}", "21.46"), ("{{ value_json.a.b | int }}", "21"),
        ("{{ value_json.x | default('?') }}", "?"), ("{{ value_json.x | default(0) | float }}", "0.0"),
        ("{{ value_json.nan | float | round(1) }}", "nan"), ("{{ value_json.s | lower }}", "on"),
        ("{{ 'A' if value_json.s == 'ON' else 'B' }}", "A"), ("{{ iif(value_json.n == 0, 'A', 'B') }}", "B"),
        ("{{ (value_json.n == 1) | iif('A', 'B') }}", "A"), ("{{ 'A' if value_json.x is defined else 'B' }}", "B"),
        ("{{ 'A' if value_json.a.b > 20 else 'B' }}", "A"), ("{{ 'A' if value_json.f is false else 'B' }}", "A"),
        ("{{ 'A' if not value_json.f else 'B' }}", "A"), ("{{- value_json.n -}}", "1"), ("{{ value_json.f }}", "false"),
        ("{% if value_json.s == 'ON' %}open{% else %}closed{% endif %}", "open"),
        ("{% if value_json.n == 0 %}a{% elif value_json.n == 1 %}b{% else %}c{% endif %}", "b"),
        ("x{{ value_json.n }}", "x1"), ("fixed", "fixed"),
        ("{{ value_json.x | float(default=3) }}", "3"), ("{{ value_json.n | is_defined }}", "1"),
    ])
    func itIsUnderstood(template: String, value: String) {
        let json = JSONReader.read(Array(Self.payload.utf8))
        #expect(ValueTemplate(template)?.value(text: Self.payload, json: json)?.text == value)
    }

    @Test func thePlainPayload() {
        #expect(ValueTemplate("{{ value | float }}")?.value(text: "21.5", json: nil)?.text == "21.5")
        #expect(ValueTemplate("{{ value_json.a }}")?.value(text: "{", json: nil) == nil)
        #expect(ValueTemplate("{{ value_json.a | is_defined }}")?.value(text: "{}", json: .object([])) == nil)
        #expect(ValueTemplate("{{ value_json.a }}")?.value(text: "{}", json: .object([])) == nil)
    }

    @Test(arguments: [
        "", "{{ }}", "{{ value_json.a", "{{ value_json.a * 2 }}", "{{ value_json.a + 1 }}", "{{ states('x') }}",
        "{{ value_json.a.split('x')[0] }}", "{% set x = 1 %}{{ x }}", "{% for a in b %}{% endfor %}",
        "{{ value_json.a | regex }}",
        "{{ value_json[0 }}", "{{ 'a }}", "{{ value_json.a and value_json.b }}", "{% if a %}x", "{{ now() }}",
        "{{ value_json.a is odd }}", "}}", "{{ 'a\\'b' }}", "{{ this.state }}",
        "{{ " + String(repeating: "(", count: 400) + " }}", String(repeating: "x", count: 1025),
    ])
    func itIsLeftToARule(template: String) {
        #expect(ValueTemplate(template) == nil)
    }
}
