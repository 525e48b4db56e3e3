import GarageDomain
import Hummingbird
import Views

/// `GET /spots/{id}/sessions` and `GET /occupancy`.
struct ParkingEndpoints {
    let views: Views
    let ids: IDReader
    let clock: SiteClock
    let now: @Sendable () -> Timestamp

    @Sendable func sessions(_ request: Request, _ context: WebContext) async throws -> Response {
        let spot = try await ids.known(.spot, context)
        var query = try QueryReader(request)
        let limit = try query.number("limit", in: 1...1000) ?? 100
        let cursor = try query.text("cursor")
        try query.end()
        let before = cursor.flatMap { Int64($0, radix: 36) }
        if cursor != nil, before == nil {
            throw Problem.parameter("cursor", "Not a cursor of this list. Take it from a `next` link as it stands.")
        }
        let tag = Conditional.tag(views.position())
        if let answer = Conditional.notModified(request, tag: tag, cacheControl: Answer.revalidate) { return answer }
        let page = try await views.stays(spot: spot, before: before, limit: Int(limit))
        let next = page.hasMore ? page.stays.last.map { String($0.arrivalPosition, radix: 36) } : nil
        let link = next.map { Answer.link(request, replacing: ["cursor": $0]) }
        var json = JSONWriter(capacity: 256 + 192 * page.stays.count)
        json.object { json in
            json.array("sessions", page.stays) { json, stay in
                json.object { json in
                    json.member("spot", stay.spot.id)
                    json.member("arrival", stay.arrival)
                    json.member("departure", stay.departure)
                    json.member("duration_ms", stay.milliseconds)
                    json.member("arrival_position", stay.arrivalPosition)
                    json.member("departure_position", stay.departurePosition)
                }
            }
            json.member("next", link)
        }
        return Answer.json(json, tag: tag, next: link)
    }

    @Sendable func occupancy(_ request: Request, _ context: WebContext) async throws -> Response {
        var query = try QueryReader(request)
        let garage = try query.garage()
        let range = try query.timeRange(now: now(), standardDays: 7)
        try query.end()
        let tag = Conditional.tag(views.position(), at: now())
        if let answer = Conditional.notModified(request, tag: tag, cacheControl: Answer.revalidate) { return answer }
        let spots = try await views.spots().filter { garage == nil || $0.subject.garage == garage }
        let summary = try await views.parkingSummary(garage: garage, from: range.from, to: range.to, now: now())
        let pattern = try await views.occupancyPattern(garage: garage, from: range.from, to: range.to, now: now()) {
            [clock] in clock.offset(at: $0)
        }
        let taken = spots.count { $0.occupied }
        var json = JSONWriter()
        json.object { json in
            json.member("from", range.from)
            json.member("to", range.to)
            json.member("total_spot_number", Int64(spots.count))
            json.member("available_spot_number", Int64(spots.count - taken))
            json.member("occupied_spot_number", Int64(taken))
            json.member("occupancy", ParkingEndpoints.rounded(summary.occupancy))
            json.member("arrivals", Int64(summary.arrivals))
            json.member("completed_stays", Int64(summary.completed))
            json.member("mean_stay_ms", summary.meanStayMilliseconds)
            json.member("longest_stay_ms", summary.longestStayMilliseconds)
            json.member("turnover_per_spot_and_day", ParkingEndpoints.rounded(summary.turnover))
            json.array("by_hour", pattern.shares) { json, hours in
                json.array(nil, hours) { json, share in json.element(ParkingEndpoints.rounded(share)) }
            }
        }
        return Answer.json(json, tag: tag)
    }

    private static func rounded(_ value: Double?) -> Double? {
        value.map { ($0 * 10_000).rounded() / 10_000 }
    }
}
