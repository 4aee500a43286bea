//! Binds scalar expressions to file columns and evaluates them batch by batch.
