// swift-tools-version: 6.2
import PackageDescription

/// Every target is compiled in the Swift 6 language mode with imports internal by default, so that a target's public
/// interface names each module it leaks.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
    name: "garage",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "garage", targets: ["GarageCommand"]),
        .library(name: "MQTTCodec", targets: ["MQTTCodec"]),
        .library(name: "MQTTBroker", targets: ["MQTTBroker"]),
        .library(name: "MQTTServer", targets: ["MQTTServer"]),
        .library(name: "MQTTWebSocket", targets: ["MQTTWebSocket"]),
        .library(name: "SCRAM", targets: ["SCRAM"]),
        .executable(name: "embedding-example", targets: ["EmbeddingExample"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-certificates", from: "1.21.0"),
        .package(url: "https://github.com/apple/swift-asn1", from: "1.7.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0", traits: ["YAML"]),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.0"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    ],
    targets: [
        .target(
            name: "MQTTCodec",
            dependencies: [.product(name: "NIOCore", package: "swift-nio")],
            swiftSettings: settings
        ),
        .target(
            name: "MQTTBroker",
            dependencies: [
                "MQTTCodec",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "DequeModule", package: "swift-collections"),
            ],
            swiftSettings: settings
        ),
        // Keeps sessions, queued messages and retained messages of the broker in broker.db.
        .target(
            name: "BrokerStore",
            dependencies: [
                "MQTTBroker", "MQTTCodec",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            swiftSettings: settings
        ),
        // Carries MQTT in WebSocket frames, for any channel.
        .target(
            name: "MQTTWebSocket",
            dependencies: [
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOWebSocket", package: "swift-nio"),
            ],
            swiftSettings: settings
        ),
        // What Linux has for many sockets on one thread; empty elsewhere.
        .systemLibrary(name: "CEpoll"),
        // Reads what a balancer puts in front of a connection to say whose it is, for any channel.
        .target(
            name: "ProxyProtocol",
            dependencies: [.product(name: "NIOCore", package: "swift-nio")],
            swiftSettings: settings
        ),
        .target(
            name: "MQTTServer",
            dependencies: [
                "CEpoll", "MQTTBroker", "MQTTCodec", "MQTTWebSocket", "ProxyProtocol",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOWebSocket", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOTLS", package: "swift-nio"),
                .product(name: "SwiftASN1", package: "swift-asn1"),
                .product(name: "X509", package: "swift-certificates"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "MQTTClient",
            dependencies: [
                "MQTTCodec",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            swiftSettings: settings
        ),
        // Carries chosen topics between the embedded broker and another one.
        .target(
            name: "MQTTBridge",
            dependencies: [
                "MQTTBroker", "MQTTClient", "MQTTCodec", "MQTTServer",
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: settings
        ),
        // The server's side of SCRAM-SHA-256, as bytes in and bytes out.
        .target(
            name: "SCRAM",
            dependencies: [
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "CryptoExtras", package: "swift-crypto"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "SCRAMTests",
            dependencies: ["SCRAM", .product(name: "Crypto", package: "swift-crypto")],
            swiftSettings: settings
        ),
        // How the broker is embedded, as an example that is compiled.
        .executableTarget(
            name: "EmbeddingExample",
            dependencies: [
                "MQTTBroker", "MQTTCodec", "MQTTServer",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: settings
        ),
        .target(name: "GarageDomain", swiftSettings: settings),
        .target(name: "DeviceProfiles", dependencies: ["GarageDomain"], swiftSettings: settings),
        .target(
            name: "EventLog",
            dependencies: [
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "Crypto", package: "swift-crypto"),
            ],
            swiftSettings: settings
        ),
        .target(name: "GarageEvents", dependencies: ["GarageDomain", "EventLog"], swiftSettings: settings),
        .target(
            name: "Views",
            dependencies: [
                "EventLog", "GarageEvents", "GarageDomain",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "Ingest",
            dependencies: [
                "MQTTBroker", "MQTTCodec", "DeviceProfiles", "GarageDomain", "GarageEvents", "EventLog",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: settings
        ),
        // Posts alerts to webhooks, with an outbox in outbox.db.
        .target(
            name: "Notifications",
            dependencies: [
                "EventLog", "GarageEvents", "GarageDomain",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: settings
        ),
        // The system's zlib.
        .systemLibrary(name: "CZlib"),
        .target(
            name: "Web",
            dependencies: [
                "Access", "Charts", "CZlib", "Views", "Ingest", "GarageDomain", "GarageEvents", "EventLog",
                "ProxyProtocol",
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "Mustache", package: "swift-mustache"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "Yams", package: "Yams"),
            ],
            swiftSettings: settings,
            plugins: ["EmbedWebFiles"]
        ),
        // Turns the files of web/ into a source file of the target Web, so that one binary serves everything.
        .executableTarget(name: "EmbedFiles", swiftSettings: settings),
        .plugin(
            name: "EmbedWebFiles",
            capability: .buildTool(),
            dependencies: ["EmbedFiles"],
            path: "Sources/EmbedWebFiles"
        ),
        .target(
            name: "Simulator",
            dependencies: [
                "MQTTClient", "MQTTCodec", "GarageDomain",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "GarageConfiguration",
            dependencies: [
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "SystemPackage", package: "swift-system"),
                .product(name: "Yams", package: "Yams"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "Access",
            dependencies: [
                "SCRAM",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "CryptoExtras", package: "swift-crypto"),
            ],
            swiftSettings: settings
        ),
        // Makes a local certificate authority, and certificates for the server and for devices.
        .target(
            name: "Certificates",
            dependencies: [
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "SwiftASN1", package: "swift-asn1"),
                .product(name: "X509", package: "swift-certificates"),
            ],
            swiftSettings: settings
        ),
        // Collects what the parts report through swift-metrics and writes it as Prometheus text.
        .target(
            name: "Exposition",
            dependencies: [
                .product(name: "CoreMetrics", package: "swift-metrics")
            ],
            swiftSettings: settings
        ),
        // Draws charts as SVG. Pure.
        .target(name: "Charts", swiftSettings: settings),
        .target(
            name: "Bench",
            dependencies: [
                "MQTTCodec",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: settings
        ),
        // Measures how fast a long event log is read, and makes one.
        .target(
            name: "QueryBench",
            dependencies: ["EventLog", "GarageDomain", "GarageEvents", "Views"],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "GarageCommand",
            dependencies: [
                "MQTTCodec", "MQTTBroker", "MQTTServer", "MQTTClient", "GarageDomain", "DeviceProfiles", "EventLog",
                "GarageEvents", "Views", "Ingest", "Web", "Simulator", "Access", "Bench", "GarageConfiguration",
                "BrokerStore", "Certificates", "Exposition", "Notifications", "SCRAM", "QueryBench", "MQTTBridge",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "MQTTCodecTests",
            dependencies: ["MQTTCodec", .product(name: "NIOCore", package: "swift-nio")],
            exclude: ["Vectors"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "MQTTClientTests",
            dependencies: [
                "MQTTClient", "MQTTCodec",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "MQTTBridgeTests",
            dependencies: [
                "MQTTBridge", "MQTTBroker", "MQTTCodec",
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "MQTTBrokerTests",
            dependencies: ["MQTTBroker", "MQTTCodec", "StoreModel", .product(name: "NIOCore", package: "swift-nio")],
            swiftSettings: settings
        ),
        // A store in memory that loses what was not committed, for tests of restarts.
        .target(name: "StoreModel", dependencies: ["MQTTBroker"], path: "Tests/StoreModel", swiftSettings: settings),
        // Replays what the fuzzers of the package in Tests/Fuzz have found.
        .testTarget(
            name: "FuzzTests",
            dependencies: [
                "MQTTBroker", "MQTTCodec", "MQTTWebSocket", "StoreModel",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
            ],
            path: "Tests/Fuzz",
            exclude: [
                "Corpus", "Kept", "Package.swift", "Sources/Allocations", "Sources/MQTTBroker",
                "Sources/MQTTCodec", "Sources/MQTTWebSocket", "Sources/StoreModel", "Sources/Target",
            ],
            sources: ["Sources/Harness", "Sources/Simulation", "Replay"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "ProxyProtocolTests",
            dependencies: [
                "ProxyProtocol",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "MQTTServerTests",
            dependencies: [
                "CEpoll", "MQTTServer", "MQTTWebSocket", "MQTTBroker", "MQTTCodec",
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOWebSocket", package: "swift-nio"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "MQTTConformanceTests",
            dependencies: [
                "MQTTServer", "MQTTBroker", "MQTTCodec", "SCRAM",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
            ],
            resources: [.copy("Statements")],
            swiftSettings: settings
        ),
        .testTarget(
            name: "BenchTests",
            dependencies: [
                "Bench", "MQTTCodec",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: settings
        ),
        .testTarget(name: "GarageDomainTests", dependencies: ["GarageDomain"], swiftSettings: settings),
        .testTarget(
            name: "DeviceProfilesTests",
            dependencies: ["DeviceProfiles", "GarageDomain"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "GarageEventsTests",
            dependencies: ["GarageEvents", "GarageDomain", "EventLog"],
            resources: [.copy("Golden")],
            swiftSettings: settings
        ),
        // An SQLite VFS whose n-th operation fails, for tests of what happens then.
        .target(
            name: "FaultyFiles",
            path: "Tests/FaultyFiles",
            linkerSettings: [.linkedLibrary("sqlite3")]
        ),
        .testTarget(
            name: "EventLogTests",
            dependencies: [
                "EventLog", "FaultyFiles",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "ViewsTests",
            dependencies: [
                "Views", "EventLog", "GarageEvents", "GarageDomain",
                .product(name: "GRDB", package: "GRDB.swift"), .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "IngestTests",
            dependencies: [
                "Ingest", "MQTTBroker", "MQTTCodec", "DeviceProfiles", "EventLog", "GarageEvents", "GarageDomain",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            resources: [.copy("Golden")],
            swiftSettings: settings
        ),
        .testTarget(
            name: "NotificationsTests",
            dependencies: [
                "Notifications", "EventLog", "GarageEvents", "GarageDomain",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "WebTests",
            dependencies: [
                "Web", "CZlib", "Charts", "Views", "Ingest", "EventLog", "GarageEvents", "GarageDomain",
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdTesting", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "SimulatorTests",
            dependencies: [
                "Simulator", "MQTTCodec", "GarageDomain",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "GarageConfigurationTests",
            dependencies: ["GarageConfiguration"],
            swiftSettings: settings
        ),
        .testTarget(name: "AccessTests", dependencies: ["Access"], swiftSettings: settings),
        .testTarget(
            name: "BrokerStoreTests",
            dependencies: [
                "BrokerStore", "FaultyFiles", "MQTTServer", "MQTTBroker", "MQTTCodec",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "CertificatesTests",
            dependencies: ["Certificates", .product(name: "X509", package: "swift-certificates")],
            swiftSettings: settings
        ),
        .testTarget(
            name: "ExpositionTests",
            dependencies: ["Exposition", .product(name: "CoreMetrics", package: "swift-metrics")],
            swiftSettings: settings
        ),
        .testTarget(name: "ChartsTests", dependencies: ["Charts"], swiftSettings: settings),
    ]
)
