extension GarageState {
    /// The device that a client's reports about a garage come from.
    ///
    /// A client that published the status of exactly one device is that device; one that fronts several, or none, is
    /// the device named after its client identifier. `nil` if the client has no identity of its own.
    public func device(of reporter: Reporter, in garage: Name) -> Subject? {
        if let name = reporter.deviceName { return Subject(garage: garage, kind: .device, name: name) }
        let bound = devicesOfClients[reporter.clientID] ?? []
        // The common case needs no name made: one client, one device.
        if bound.count == 1, let only = bound.first, only.garage == garage { return only }
        let own = Subject(garage: garage, kind: .device, name: Name(nearest: reporter.clientID))
        let named = bound.filter { $0.garage == garage && $0 != own }
        if named.count == 1 { return named.first }
        return reporter.hasOwnID || bound.contains(own) ? own : nil
    }

    /// The events of a device that reports, whatever it reports: it is there.
    func presence(of device: Subject, clientID: String) -> [DomainEvent] {
        let status = devices[device]
        if status?.online == true { return [] }
        let connected = DomainEvent(device, .deviceConnected(DeviceConnected(clientID: clientID)))
        if status != nil { return [connected] }
        return [DomainEvent(device, .deviceSeen(DeviceSeen(clientID: clientID))), connected]
    }

    /// The events of a device's own word that it is there or gone.
    func reportedStatus(of device: Subject, online: Bool, by reporter: Reporter) -> [DomainEvent] {
        let clientID = reporter.clientID
        if online {
            // A last will that says `online` proves nothing: its sender is gone.
            if reporter.isLastWill { return [] }
            return presence(of: device, clientID: clientID) + replacedByName(device, clientID: clientID)
        }
        var events: [DomainEvent] = []
        if devices[device] == nil {
            events.append(DomainEvent(device, .deviceSeen(DeviceSeen(clientID: clientID))))
        }
        if devices[device]?.online != false {
            let reason: DeviceDisconnected.Reason = reporter.isLastWill ? .will : .left
            events.append(
                DomainEvent(device, .deviceDisconnected(DeviceDisconnected(clientID: clientID, reason: reason))))
        }
        return events
    }

    /// A client that reported before it told its device's name was taken for a device of its own; that one goes when the
    /// name is known.
    private func replacedByName(_ device: Subject, clientID: String) -> [DomainEvent] {
        let bound = devicesOfClients[clientID] ?? []
        guard bound.count == 1, let own = bound.first, own.garage == device.garage, own != device,
            own.name == Name(nearest: clientID), devices[own]?.online == true
        else { return [] }
        return [DomainEvent(own, .deviceDisconnected(DeviceDisconnected(clientID: clientID, reason: .left)))]
    }

    /// A client is back, and with it the devices that it was lost with.
    func connected(_ clientID: String) -> [DomainEvent] {
        (devicesOfClients[clientID] ?? []).filter { devices[$0]?.online == false && !withdrawnDevices.contains($0) }
            .map { DomainEvent($0, .deviceConnected(DeviceConnected(clientID: clientID))) }
    }

    /// A client is gone, and with it every device that was last seen through it.
    func disconnected(_ clientID: String, reason: DeviceDisconnected.Reason) -> [DomainEvent] {
        withLostCommands(
            (devicesOfClients[clientID] ?? []).filter { devices[$0]?.online == true }
                .map { DomainEvent($0, .deviceDisconnected(DeviceDisconnected(clientID: clientID, reason: reason))) })
    }

    /// The events, and after them the failures of the commands whose gate has thereby lost its device.
    func withLostCommands(_ events: [DomainEvent]) -> [DomainEvent] {
        let lostDevices = events.compactMap { event in
            if case .deviceDisconnected = event.body { event.subject } else { nil }
        }
        return events + lost(lostDevices)
    }

    /// What a new start of the service means: no command can be followed to its end, and no device is connected.
    func interrupted() -> [DomainEvent] {
        let failed = commandsUnderWay.sorted { ($0.value, $0.key) < ($1.value, $1.key) }
            .compactMap { id, gate -> DomainEvent? in
                guard let command = gates[gate]?.command, command.id == id else { return nil }
                return DomainEvent(
                    gate,
                    .commandFailed(CommandFailed(commandID: id, action: command.action, reason: .interrupted)))
            }
        let lost = devices.filter { $0.value.online == true }.sorted { $0.key < $1.key }
            .map { device, status in
                let body = DeviceDisconnected(clientID: status.clientID, reason: .serviceStopped)
                return DomainEvent(device, .deviceDisconnected(body))
            }
        return failed + lost
    }
}
