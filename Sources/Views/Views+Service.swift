public import ServiceLifecycle

/// The views follow the log as a service of the process.
extension Views: Service {}
