// Reads a folder of TMDL with Microsoft's own library and prints the model as JSON.
using System;
using Microsoft.AnalysisServices.Tabular;

class Program
{
    static void Main(string[] arguments)
    {
        var database = TmdlSerializer.DeserializeDatabaseFromFolder(arguments[0]);
        Console.WriteLine(JsonSerializer.SerializeDatabase(database));
    }
}
