import MQTTBroker

extension BrokerStore {
    /// Takes retained messages away before the broker begins with them, also from the file. To be called before
    /// `takeState`.
    ///
    /// - Returns: the topics of what was taken away, in their order.
    public func removeRetained(where isUnwanted: (_ topic: [UInt8]) -> Bool) -> [[UInt8]] {
        let removed = takeRetained(where: isUnwanted)
        if !removed.isEmpty {
            // No shard waits for this commit: number 0 is before the first that any of them makes.
            write(removed.map { .retainedRemoved(topic: $0) }, shard: 0, number: 0)
        }
        return removed
    }
}
