import GarageDomain

/// Turns what devices write into observations.
enum Report {
    /// A measured value in the device's own unit, or the fault that its text means.
    static func measured(
        _ text: String, _ quantity: Quantity, of sensor: Subject, unit: TemperatureUnit = .celsius,
        conversion: LinearConversion = .identity
    ) -> Observation {
        let bytes = Array(text.utf8)
        switch Measured(bytes) {
        case .value(let raw):
            var value = conversion.apply(raw)
            if quantity == .temperature { value = unit.celsius(value) }
            guard quantity.range.contains(value) else {
                return .fault(sensor, Measured.fault(bytes, of: quantity, .outOfRange))
            }
            return .reading(sensor, quantity, value)
        case .nothing(let kind): return .fault(sensor, Measured.fault(bytes, of: quantity, kind))
        }
    }

    /// As above for a JSON value, where `null`, objects and truth values are faults.
    static func measured(
        _ value: JSONValue, _ quantity: Quantity, of sensor: Subject, unit: TemperatureUnit = .celsius,
        conversion: LinearConversion = .identity
    ) -> Observation {
        guard value.isScalar else {
            return .fault(sensor, Measured.fault(Array(value.text.utf8), of: quantity, .unreadable))
        }
        return measured(value.text, quantity, of: sensor, unit: unit, conversion: conversion)
    }

    /// The state of a gate whose position is `percent` (100 is open) and that does not move.
    static func resting(at percent: Double) -> GateState {
        percent <= 0 ? .closed : percent >= 100 ? .open : .stopped
    }
}

/// A scale and an offset: `value * scale + offset`.
struct LinearConversion: Hashable, Sendable {
    var scale: Double
    var offset: Double

    static let identity = LinearConversion(scale: 1, offset: 0)

    func apply(_ value: Double) -> Double { self == .identity ? value : value * scale + offset }
}

/// The units in which devices report temperatures.
enum TemperatureUnit: Hashable, Sendable {
    case celsius, fahrenheit, kelvin

    /// The unit that a device's text names; `nil` for a unit that is none of temperature.
    init?(naming text: String) {
        switch text.lowercased() {
        case "°c", "c", "ºc", "celsius", "℃": self = .celsius
        case "°f", "f", "ºf", "fahrenheit", "℉": self = .fahrenheit
        case "k", "kelvin": self = .kelvin
        default: return nil
        }
    }

    /// The value in degrees Celsius, rounded to a thousandth where it is converted.
    func celsius(_ value: Double) -> Double {
        switch self {
        case .celsius: value
        case .fahrenheit: (((value - 32) * 5 / 9) * 1000).rounded() / 1000
        case .kelvin: ((value - 273.15) * 1000).rounded() / 1000
        }
    }
}
