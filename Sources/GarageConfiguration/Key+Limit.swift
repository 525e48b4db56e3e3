extension Key {
    /// Whether the key bounds how much of something there can be. Those that are numbers are told in the metrics.
    public var isLimit: Bool {
        rawValue.contains(".limits.") || rawValue.contains("maximum") || rawValue.contains(".total_queued_")
    }
}
